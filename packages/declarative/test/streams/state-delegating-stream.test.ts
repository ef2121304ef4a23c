import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type Answer, type Api, api, connect, manifestOf, readAll, run, streamOf } from '../run-source.js';

const NOW = Date.UTC(2024, 2, 1);
const cursor = {
  type: 'DatetimeBasedCursor',
  cursor_field: 'at',
  datetime_format: '%Y-%m-%d',
  start_datetime: '2024-01-01',
  end_datetime: '2024-02-28',
};
const paginator = {
  type: 'DefaultPaginator',
  page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
  pagination_strategy: { type: 'PageIncrement', start_from_page: 1, page_size: 2 },
};

/** A stream that reads all pages of /all, then the changes of /changes. */
function delegating(more: JsonObject = {}, full: { incremental?: boolean } = {}): JsonObject {
  const all = streamOf('a', '/all', {
    retriever: { paginator },
    stream: full.incremental ? { incremental_sync: cursor } : {},
  });
  const changes = streamOf('a', '/changes', {
    requester: { request_parameters: { since: '{{ stream_interval.start_time }}' } },
    stream: { incremental_sync: cursor },
  });
  return { type: 'StateDelegatingStream', name: 'a', full_refresh_stream: all, incremental_stream: changes, ...more };
}

/** Five records in three pages; page 3 fails as long as `broken` is set. */
function shop(): Api & { broken: boolean } {
  const shopApi = Object.assign(
    api((path): Answer => {
      if (path.startsWith('/changes')) return { items: [{ id: 2, at: '2024-02-20' }] };
      const page = Number(/page=(\d)/.exec(path)?.[1] ?? 1);
      if (page === 3 && shopApi.broken) return { status: 401, body: {} };
      const items = [1, 2, 3, 4, 5].map((id) => ({ id, at: `2024-02-0${id}` }));
      return { items: items.slice((page - 1) * 2, page * 2) };
    }),
    { broken: false },
  );
  return shopApi;
}

async function reading(stream: JsonObject, transport: Api, state?: JsonObject, ran = run(NOW)) {
  const connection = await connect(manifestOf({ streams: [stream] }), { api: transport, run: ran });
  transport.asked.length = 0;
  const out = await readAll(connection, { states: state ? { a: state } : {} });
  return { ...out, asked: [...transport.asked], ids: (out.records.a ?? []).map(({ id }) => id), state: out.states.a! };
}

describe('StateDelegatingStream', () => {
  it.each([{ incremental: false }, { incremental: true }])(
    'reads everything, then only changes (full refresh %o)',
    async (full) => {
      const transport = shop();
      const first = await reading(delegating({}, full), transport);
      expect(first.ids).toEqual([1, 2, 3, 4, 5]);
      const second = await reading(delegating({}, full), transport, first.state);
      expect(second.ids).toEqual([2]);
      expect(second.asked).toEqual([`GET /changes?since=${full.incremental ? '2024-02-05' : '2024-01-01'}`]);
    },
  );

  it.each([{ incremental: false }, { incremental: true }])(
    'goes on with a full refresh that failed (full refresh %o)',
    async (full) => {
      const transport = shop();
      transport.broken = true;
      const first = await reading(delegating({}, full), transport);
      expect(first.errors).toHaveLength(1);
      expect(first.ids).toEqual([1, 2, 3, 4]);
      transport.broken = false;
      const second = await reading(delegating({}, full), transport, first.state);
      expect(second.ids).toEqual([5]);
      expect(second.asked).toEqual(['GET /all?page=3']);
      const third = await reading(delegating({}, full), transport, second.state);
      expect(third.ids).toEqual([2]);
    },
  );

  it('never takes the end of another run for a whole one', async () => {
    const ran = run(NOW);
    const { ids } = await reading(delegating(), shop(), { __ab_no_cursor_state_message: true }, ran);
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    expect(ran.logs).toContain(
      'WARN a: the state says that an earlier run ended, not that it ended well: everything is read again.',
    );
  });

  it('goes on with page positions that it was given, whoever wrote them', async () => {
    const { ids } = await reading(delegating(), shop(), { next_page_token: 2 });
    expect(ids).toEqual([3, 4, 5]);
  });

  it('takes a cursor value for a whole read, as the reference does', async () => {
    expect((await reading(delegating(), shop(), { at: '2024-02-10' })).asked).toEqual([
      'GET /changes?since=2024-02-10',
    ]);
  });

  it('begins with everything again when the API no longer has the changes', async () => {
    const stream = delegating({ api_retention_period: 'P20D' });
    const ran = run(NOW);
    expect((await reading(stream, shop(), { at: '2024-02-05' }, ran)).ids).toEqual([1, 2, 3, 4, 5]);
    expect(ran.logs).toContain(
      'WARN a: the cursor value of the state is older than the P20D for which the API keeps changes: everything is read again.',
    );
    expect((await reading(stream, shop(), { at: '2024-02-11' })).ids).toEqual([2]);
    expect((await reading(stream, shop(), { at: 'when?' })).ids).toEqual([1, 2, 3, 4, 5]);
    expect((await reading(stream, shop(), { __ab_full_refresh_sync_complete: true })).ids).toEqual([2]);
  });

  it('refuses streams of other names, and a retention with a cursor that is no moment', async () => {
    const other = delegating({ incremental_stream: streamOf('b', '/changes') });
    await expect(connect(manifestOf({ streams: [other] }))).rejects.toThrow("must have its name, not 'a' and 'b'");
    const counting = delegating({ api_retention_period: 'P1D' });
    (counting.incremental_stream as JsonObject).incremental_sync = {
      type: 'IncrementingCountCursor',
      cursor_field: 'id',
    };
    await expect(connect(manifestOf({ streams: [counting] }))).rejects.toThrow('which needs cursors of moments');
  });
});
