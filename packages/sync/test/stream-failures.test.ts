import { ConnectorError } from '@tidemark/source';
import type { Destination } from '@tidemark/sync';
import { openDestination } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { count, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
let files = 0;
const begin = (...streams: FakeStream[]) => new Transcript(new FakeSource(streams), `${folder}/${++files}.duckdb`);

describe('a stream that fails alone', () => {
  it('empties no table unasked: the stream fails, the others are complete', async () => {
    const stream: FakeStream = { name: 'users', rows: rows(5) };
    const transcript = begin(stream, { name: 'orders', rows: rows(3) });
    await transcript.run();
    stream.rows = [];
    const result = await transcript.run({ retry: {} });
    expect(result).toMatchObject({ outcome: 'partial', attempt: 1, errors: [{ kind: 'config' }] });
    expect(result.streams.map(({ status }) => status)).toEqual(['failed', 'complete']);
    expect(await count(transcript.file, 'SELECT count(*) FROM users')).toBe(5);
    transcript.streams = [{ name: 'users', allow_empty: true }, { name: 'orders' }];
    expect((await transcript.run()).outcome).toBe('complete');
    expect(await count(transcript.file, 'SELECT count(*) FROM users')).toBe(0);
  });

  it('with a configuration error costs the others no sync, however far it came', async () => {
    const forbid = ({ index }: { index: number }) => {
      if (index === 2) throw new ConnectorError('config', 'not allowed beyond page 2');
    };
    const transcript = begin({ name: 'users', rows: rows(5) }, { name: 'secret', rows: rows(40), onPage: forbid });
    for (const jobId of [1, 2, 3]) {
      const result = await transcript.run({ retry: {}, checkpoint: { rows: 1 } });
      expect(result).toMatchObject({ jobId, attempt: 1, outcome: 'partial', nextJob: expect.stringMatching(/config/) });
      expect(result.streams).toMatchObject([{ committed: 5 }, { status: 'failed', committed: 20 }]);
    }
    expect(transcript.source.requests.filter((line) => line === 'users page 0')).toHaveLength(3);
    // Alone it costs nobody anything, and goes on where it was.
    const alone = begin({ name: 'secret', rows: rows(40), onPage: forbid });
    await alone.run({ checkpoint: { rows: 1 } });
    expect(await alone.run()).toMatchObject({ jobId: 1, attempt: 2, streams: [{ resumed: true }] });
  });

  it('keeps its half-read place in the job when only others are asked for', async () => {
    const state = { broken: true };
    const onPage = ({ index }: { index: number }) => {
      if (state.broken && index === 2) throw new Error('down');
    };
    const streams = ['users', 'orders'].map((name) => ({ name, rows: rows(40), onPage }));
    const transcript = begin(...streams);
    await transcript.run();
    state.broken = false;
    transcript.streams = [{ name: 'users' }];
    const left = [{ name: 'orders' }];
    expect(await transcript.run()).toMatchObject({ jobId: 1, attempt: 2, outcome: 'complete', left });
    transcript.streams = undefined;
    const last = await transcript.run();
    expect(last).toMatchObject({ jobId: 1, attempt: 3, outcome: 'complete', left: [] });
    expect(last.streams).toMatchObject([{ earlier: true }, { resumed: true, committed: 20 }]);
    expect((await transcript.run()).jobId).toBe(2);
  });

  it('that the source does not have any more keeps no job open', async () => {
    const state = { broken: true };
    const onPage = ({ index }: { index: number }) => {
      if (state.broken && index === 2) throw new Error('down');
    };
    const transcript = begin(...['users', 'orders'].map((name) => ({ name, rows: rows(40), onPage })));
    await transcript.run();
    state.broken = false;
    transcript.source.streams.pop();
    expect(await transcript.run()).toMatchObject({ jobId: 1, outcome: 'complete', left: [] });
    expect((await transcript.run()).jobId).toBe(2);
  });

  it('fails the stream whose rows the destination has dropped, and commits nothing of them', async () => {
    const transcript = begin({ name: 'users', rows: rows(20) }, { name: 'orders', rows: rows(5) });
    const real = await openDestination(`duckdb:${transcript.file}`);
    const destination: Destination = {
      name: real.name,
      async open(options) {
        const session = await real.open(options);
        const writer = session.writer.bind(session);
        session.writer = async (plans) => {
          const made = await writer(plans);
          const write = made.write.bind(made);
          // The last row of every batch of users is lost.
          made.write = (name, { pages, rows: all }) => {
            if (name !== 'users') return write(name, { pages, rows: all });
            const cut = pages.map((page) => ({ ...page, records: page.records.slice(0, -1) }));
            return write(name, { pages: cut, rows: all - pages.length });
          };
          return made;
        };
        return session;
      },
    };
    const result = await transcript.run({ destination });
    expect(result.streams).toMatchObject([
      {
        status: 'failed',
        committed: 0,
        error: { message: expect.stringMatching(/dropped records: .* 20 rows.* took 18/) },
      },
      { status: 'complete', committed: 5 },
    ]);
    expect(await count(transcript.file, 'SELECT count(*) FROM users__tidemark_next')).toBe(0);
  });
});
