import type { JsonObject } from '@tidemark/protocol';
import { proveResume } from '@tidemark/source/testing';
import { describe, expect, it } from 'vitest';
import { api, connect, manifestOf, streamOf } from '../run-source.js';

const paged = {
  paginator: {
    type: 'DefaultPaginator',
    page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
    pagination_strategy: { type: 'PageIncrement', start_from_page: 1, page_size: 2 },
  },
};
const rows = Array.from({ length: 9 }, (_, id) => ({ id, at: `2024-02-0${id + 1}` }));
const page = (path: string): JsonObject[] => {
  const number = Number(/page=(\d+)/.exec(path)?.[1] ?? 1);
  return rows.slice((number - 1) * 2, number * 2);
};

async function streamsOf(stream: JsonObject) {
  const transport = api((path, { method }) => {
    if (path.startsWith('/jobs')) return method === 'POST' ? { id: path.slice(6) } : { status: 'DONE' };
    if (path.startsWith('/files')) return page(`page=${path.slice(7)}`);
    return { items: page(path) };
  });
  return (await connect(manifestOf({ streams: [stream] }), { api: transport })).streams;
}

describe('killed after every message and resumed', () => {
  const cursor = {
    type: 'DatetimeBasedCursor',
    cursor_field: 'at',
    datetime_format: '%Y-%m-%d',
    start_datetime: '2024-02-01',
    end_datetime: '2024-03-01',
  };

  it('a stream that delegates loses nothing and doubles nothing', async () => {
    const stream = {
      type: 'StateDelegatingStream',
      name: 'a',
      full_refresh_stream: streamOf('a', '/all', { retriever: paged }),
      incremental_stream: streamOf('a', '/none', { stream: { incremental_sync: cursor } }),
    };
    expect(await proveResume(() => streamsOf(stream))).toBeGreaterThan(10);
  });

  it.each([1, 4])(
    'a stream of jobs goes on with the jobs that were not downloaded (%i readers)',
    async (concurrency) => {
      const job = (path: string, http_method = 'GET'): JsonObject => ({
        type: 'HttpRequester',
        url: `http://api.test/${path}`,
        http_method,
      });
      const retriever = {
        type: 'AsyncRetriever',
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
        status_mapping: { type: 'AsyncJobStatusMap', running: [], completed: ['DONE'], failed: [], timeout: [] },
        status_extractor: { type: 'DpathExtractor', field_path: ['status'] },
        creation_requester: job('jobs/{{ stream_partition.n }}', 'POST'),
        polling_requester: job('jobs/{{ creation_response.id }}'),
        download_requester: job('files/{{ creation_response.id }}'),
        partition_router: { type: 'ListPartitionRouter', values: ['1', '2', '3', '4', '5'], cursor_field: 'n' },
      };
      const stream = streamOf('a', '/', { stream: { retriever } });
      expect(await proveResume(() => streamsOf(stream), { concurrency })).toBeGreaterThan(10);
    },
  );
});
