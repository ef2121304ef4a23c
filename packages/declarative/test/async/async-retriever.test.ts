import { gzipSync } from 'node:zlib';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type Answer, api, connect, manifestOf, readAll, run, streamOf } from '../run-source.js';

const http = (path: string, http_method = 'GET', more: JsonObject = {}): JsonObject => ({
  type: 'HttpRequester',
  url_base: 'http://api.test',
  path,
  http_method,
  ...more,
});

function retriever(more: JsonObject = {}): JsonObject {
  return {
    type: 'AsyncRetriever',
    record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
    status_mapping: {
      type: 'AsyncJobStatusMap',
      running: ['RUNNING'],
      completed: ['DONE'],
      failed: ['ERROR'],
      timeout: ['SLOW'],
    },
    status_extractor: { type: 'DpathExtractor', field_path: ['status'] },
    creation_requester: http('/jobs/{{ stream_partition.n }}', 'POST'),
    polling_requester: http('/jobs/{{ creation_response.id }}'),
    download_requester: http('/files/{{ creation_response.id }}'),
    ...more,
  };
}

const partitions = (...values: string[]): JsonObject => ({
  partition_router: { type: 'ListPartitionRouter', values, cursor_field: 'n' },
});

/** An API of jobs: a job is named like its partition; `status` says what each poll of it answers. */
function jobs(
  status: (job: string, poll: number) => Answer | string,
  download: (job: string) => Answer = (job) => [{ job }],
) {
  const polls = new Map<string, number>();
  const running = { now: 0, most: 0 };
  const transport = api((path, { method }) => {
    const [, kind, job = ''] = path.split('/');
    if (kind === 'files') return download(job);
    if (kind === 'abort' || kind === 'delete') return {};
    if (method === 'POST') {
      running.now++;
      running.most = Math.max(running.most, running.now);
      return { id: job };
    }
    const poll = (polls.get(job) ?? 0) + 1;
    polls.set(job, poll);
    const said = status(job, poll);
    if (said !== 'RUNNING') running.now--;
    return typeof said === 'string' ? { status: said } : said;
  });
  return { transport, running };
}

function connectTo(stream: JsonObject, transport: ReturnType<typeof api>, more: JsonObject = {}, ran = run()) {
  const manifest = manifestOf({ streams: [streamOf('a', '/', { stream: { retriever: stream } })], ...more });
  return connect(manifest, { api: transport, run: ran });
}

describe('AsyncRetriever', () => {
  it('asks for a job at once and then every five seconds, and runs one job at a time', async () => {
    const ran = run();
    const { transport, running } = jobs((_job, poll) => (poll < 3 ? 'RUNNING' : 'DONE'));
    const { records, errors } = await readAll(
      await connectTo(retriever(partitions('1', '2', '3')), transport, {}, ran),
    );
    expect(errors).toEqual([]);
    expect(records.a).toHaveLength(3);
    expect(ran.waits).toEqual([5, 5, 5, 5, 5, 5]);
    expect(running.most).toBe(1);
  });

  it('runs as many jobs as max_concurrent_async_job_count says', async () => {
    const { transport, running } = jobs((_job, poll) => (poll < 4 ? 'RUNNING' : 'DONE'));
    const more = {
      max_concurrent_async_job_count: '{{ config.jobs }}',
      concurrency_level: { type: 'ConcurrencyLevel', default_concurrency: 8 },
    };
    const manifest = manifestOf({
      streams: [streamOf('a', '/', { stream: { retriever: retriever(partitions('1', '2', '3', '4', '5', '6')) } })],
      ...more,
    });
    const { records } = await readAll(await connect(manifest, { api: transport, config: { jobs: 3 } }));
    expect(records.a).toHaveLength(6);
    expect(running.most).toBe(3);
  });

  it('lets jobs wait without taking the places of readers', async () => {
    const { transport, running } = jobs((_job, poll) => (poll < 4 ? 'RUNNING' : 'DONE'));
    const more = {
      max_concurrent_async_job_count: 5,
      concurrency_level: { type: 'ConcurrencyLevel', default_concurrency: 1 },
    };
    const { records } = await readAll(
      await connectTo(retriever(partitions('1', '2', '3', '4', '5', '6', '7')), transport, more),
    );
    expect(records.a).toHaveLength(7);
    expect(running.most).toBe(5);
  });

  it('closes each partition with its job: a run that fails goes on with the others', async () => {
    const status = (job: string): string => (job === '2' ? 'ERROR' : 'DONE');
    const stream = retriever(partitions('1', '2', '3'));
    const first = await readAll(
      await connectTo(stream, jobs(status).transport, {
        concurrency_level: { type: 'ConcurrencyLevel', default_concurrency: 1 },
      }),
    );
    expect(first.errors[0]!.message).toBe(
      "An asynchronous job of the stream 'a' failed 3 times: the API says that the job ended as 'failed'.",
    );
    expect(first.records.a).toEqual([{ job: '1' }]);
    expect(first.outcomes.get('a')).toBe('failed');
    const again = jobs(() => 'DONE');
    const second = await readAll(await connectTo(stream, again.transport), { states: first.states });
    expect(second.records.a!.map(({ job }) => job).sort()).toEqual(['2', '3']);
    expect(again.transport.asked.filter((asked) => asked.startsWith('POST')).sort()).toEqual([
      'POST /jobs/2',
      'POST /jobs/3',
    ]);
  });

  it('aborts a job that takes too long, and creates it again', async () => {
    let created = 0;
    const { transport } = jobs(() => (created > 1 ? 'DONE' : 'RUNNING'));
    const counting = {
      ...transport,
      send: (...args: Parameters<typeof transport.send>) => {
        if (args[0].method === 'POST' && args[0].url.includes('/jobs/')) created++;
        return transport.send(...args);
      },
    };
    const ran = run();
    const stream = retriever({
      ...partitions('1'),
      polling_job_timeout: '{{ 2 }}',
      abort_requester: http('/abort/{{ creation_response.id }}', 'POST'),
    });
    const { records } = await readAll(await connectTo(stream, counting, {}, ran));
    expect(records.a).toEqual([{ job: '1' }]);
    expect(transport.asked.filter((asked) => asked.startsWith('POST'))).toEqual([
      'POST /jobs/1',
      'POST /abort/1',
      'POST /jobs/1',
    ]);
    expect(ran.waits.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThanOrEqual(120);
  });

  it('says which status it does not know, and which it knows', async () => {
    const { errors } = await readAll(await connectTo(retriever(partitions('1')), jobs(() => 'PAUSED').transport));
    expect(errors[0]!.message).toBe(
      "The API gives the job status 'PAUSED'; the status_mapping of the stream 'a' knows RUNNING, DONE, ERROR, SLOW.",
    );
    const none = await readAll(await connectTo(retriever(partitions('1')), jobs(() => ({ state: 'DONE' })).transport));
    expect(none.errors[0]!.message).toMatch(/^The API gives no status of the job;/);
  });

  it('gives up on polls that go wrong again and again', async () => {
    const { transport } = jobs(() => ({ status: 403, body: {} }));
    const { errors } = await readAll(await connectTo(retriever(partitions('1')), transport));
    expect(errors).toHaveLength(1);
    expect(transport.asked.filter((asked) => asked.startsWith('GET')).length).toBeLessThanOrEqual(3);
  });

  it('stops when it is told to, with its jobs aborted', async () => {
    const ran = run();
    const { transport } = jobs((_job, poll) => {
      if (poll === 2) ran.stop.abort();
      return 'RUNNING';
    });
    const stream = retriever({
      ...partitions('1', '2'),
      abort_requester: http('/abort/{{ creation_response.id }}', 'POST'),
    });
    const { outcomes, errors } = await readAll(await connectTo(stream, transport, {}, ran), {
      signal: ran.stop.signal,
    });
    expect(outcomes.get('a')).toBe('stopped');
    expect(errors).toEqual([]);
    expect(transport.asked.at(-1)).toBe('POST /abort/1');
  });

  it('emits a long download in pieces and names no position inside it', async () => {
    const rows = Array.from({ length: 50_000 }, (_, id) => `${id},${'x'.repeat(20)}`).join('\n');
    const { transport } = jobs(
      () => 'DONE',
      () => ({ status: 200, headers: { 'content-type': 'text/csv' }, body: gzipSync(`id,text\n${rows}\n`) }),
    );
    const stream = retriever({
      ...partitions('1'),
      download_decoder: { type: 'GzipDecoder', decoder: { type: 'CsvDecoder' } },
    });
    const connection = await connectTo(stream, transport);
    const open = await connection.streams[0]!.open(undefined);
    const sizes: number[] = [];
    const signal = new AbortController().signal;
    for await (const unit of open.cursor.plan(signal)) {
      for await (const page of open.read(unit, { signal })) {
        sizes.push(page.records.length);
        expect(page.next).toBeUndefined();
      }
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(50_000);
    expect(sizes.length).toBeGreaterThan(5);
    expect(transport.requests.at(-1)!.streamed).toBe(true);
  });

  it('refuses a status in two lists, and targets without an extractor', async () => {
    const twice = retriever({
      status_mapping: { type: 'AsyncJobStatusMap', running: ['A'], completed: ['A'], failed: [], timeout: [] },
    });
    await expect(connectTo(twice, jobs(() => 'DONE').transport)).rejects.toThrow(
      "AsyncJobStatusMap has 'A' under 'running' and under 'completed'.",
    );
    const targets = retriever({ download_target_requester: http('/targets') });
    await expect(connectTo(targets, jobs(() => 'DONE').transport)).rejects.toThrow('download_target_extractor');
  });
});
