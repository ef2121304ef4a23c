import { lastStates, multiset, proveResume, rows, transcript } from '@tidemark/source/testing';
import { describe, expect, it } from 'vitest';
import { type FakeAnswer, FakeApi, manifestOf, pagesOf, paginators, streamOf, streamsOf } from '../fake-api.js';

const kinds = Object.keys(paginators) as (keyof typeof paginators)[];
const one = (kind: keyof typeof paginators, more = {}) =>
  manifestOf([streamOf('things', { paginator: paginators[kind], ...more })]);

describe.each(kinds)('resume at the page: %s', (kind) => {
  it('holds after a kill at every message', async () => {
    expect(await proveResume(() => streamsOf(one(kind), new FakeApi(pagesOf(14))))).toBeGreaterThan(15);
  });

  it('asks for no page again', async () => {
    const api = new FakeApi(pagesOf(9));
    const first = await transcript(await streamsOf(one(kind), api), { killAfter: 8 });
    const before = api.asked.splice(0);
    const second = await transcript(await streamsOf(one(kind), api), { states: lastStates(first.sent) });
    expect(before).toHaveLength(3);
    expect(api.asked[0]).toBe(before[2]);
    expect(rows(second.sent).map((row) => row.record.id)).toEqual([6, 7, 8]);
  });

  it('says that it is resumable', async () => {
    const [stream] = await streamsOf(one(kind), new FakeApi(pagesOf(1)));
    expect(await stream!.describe()).toMatchObject({ is_resumable: true, supported_sync_modes: ['full_refresh'] });
  });

  it.each([400, 404, 410, 416])('begins anew when the token is refused with %i', async (status) => {
    const first = await transcript(await streamsOf(one(kind), new FakeApi(pagesOf(9))), { killAfter: 8 });
    const pages = pagesOf(9);
    let refusals = 0;
    const api = new FakeApi(
      (url): FakeAnswer => (refusals++ === 0 ? { status, body: { error: 'no such page' } } : pages(url)),
    );
    const second = await transcript(await streamsOf(one(kind), api), { states: lastStates(first.sent) });
    expect(second.errors).toEqual([]);
    expect(second.sent[0]).toMatchObject({ kind: 'restart', stream: 'things' });
    expect(rows(second.sent).map((row) => row.record.id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('ends a failed stream with its last true state', async () => {
    let asked = 0;
    const pages = pagesOf(30);
    const api = new FakeApi((url) => (++asked === 6 ? { status: 401, body: { error: 'no' } } : pages(url)));
    const failed = await transcript(await streamsOf(one(kind), api));
    expect(failed.outcomes.get('things')).toBe('failed');
    expect(lastStates(failed.sent).get('things')).toMatchObject({
      next_page_token: kind === 'page' ? 6 : kind === 'offset' ? 15 : expect.anything(),
    });
    const rest = await transcript(await streamsOf(one(kind), new FakeApi(pages)), { states: lastStates(failed.sent) });
    expect(rows([...failed.sent, ...rest.sent]).map((row) => row.record.id)).toEqual(
      Array.from({ length: 30 }, (_, id) => id),
    );
  });
});

describe('a state of an older version', () => {
  it.each([
    ['page', { next_page_token: 3 }, 6],
    ['offset', { next_page_token: 3 }, 3],
    ['cursor', { next_page_token: '6' }, 6],
  ] as const)('%s %j begins where it says', async (kind, state, first) => {
    const read = await transcript(await streamsOf(one(kind), new FakeApi(pagesOf(9))), {
      states: new Map([['things', state]]),
    });
    expect(rows(read.sent)[0]!.record.id).toBe(first);
  });
});

describe('partitions', () => {
  const partitioned = manifestOf([
    streamOf('parts', {
      path: "/parts/{{ stream_partition['part'] }}",
      paginator: paginators.page,
      partition_router: { type: 'ListPartitionRouter', cursor_field: 'part', values: ['a', 'b', 'c'] },
    }),
  ]);
  const api = (): FakeApi => {
    const pages = pagesOf(7);
    return new FakeApi((url) => {
      const answer = pages(url) as { body: { data: { id: number }[] } };
      return { body: { ...answer.body, data: answer.body.data.map(({ id }) => ({ id, part: url.pathname.at(-1) })) } };
    });
  };
  it.each([1, 5])('resume each at its page with %i readers', async (concurrency) => {
    expect(await proveResume(() => streamsOf(partitioned, api()), { concurrency })).toBeGreaterThan(25);
  });
});

describe('pages that never end', () => {
  const failure = async (
    answer: (url: URL) => FakeAnswer,
    kind: keyof typeof paginators,
    more = {},
  ): Promise<string> => {
    const api = new FakeApi(answer);
    const read = await transcript(await streamsOf(one(kind, more), api));
    expect(read.outcomes.get('things')).toBe('failed');
    expect(api.asked.length).toBeLessThan(50);
    return read.errors[0]!.message;
  };
  it('the same token again', async () => {
    expect(await failure(() => ({ body: { data: [{ id: 1 }], next: 'x' } }), 'cursor')).toMatch(
      /'things' does not end: at page 2 the API gave the page token "x" again/,
    );
  });
  it('the same body again', async () => {
    expect(await failure(() => ({ body: { data: [{ id: 1 }, { id: 2 }, { id: 3 }] } }), 'page')).toMatch(
      /at page 2 .* token 2 has the same body/,
    );
  });
  it('no new primary key', async () => {
    let n = 0;
    expect(await failure(() => ({ body: { data: [{ id: 1, n: n++ }, { id: 2 }, { id: 3 }] } }), 'page')).toMatch(
      /10 pages in a row/,
    );
  });
  it('is left alone when the guard is off', async () => {
    let n = 0;
    const api = new FakeApi(() => ({ body: n++ < 20 ? { data: [{ id: 1 }, { id: 2 }, { id: 3 }] } : { data: [] } }));
    const { createSource } = await import('../../src/index.js');
    const { runContext } = await import('../fake-api.js');
    const { source } = await createSource({ text: one('page'), transport: api, settings: { paginationGuard: false } });
    const read = await transcript((await source.connect({}, runContext())).streams);
    expect(read.errors).toEqual([]);
    expect(rows(read.sent)).toHaveLength(60);
  });
});

describe('what comes', () => {
  it('an empty record is a record', async () => {
    const read = await transcript(
      await streamsOf(one('page'), new FakeApi(() => ({ body: { data: [{}, { id: 1 }] } }))),
    );
    expect(rows(read.sent).map((row) => row.record)).toEqual([{}, { id: 1 }]);
  });
  it('numbers stay as they are', async () => {
    const api = new FakeApi(() => ({
      body: '{"data":[{"id":9007199254740993,"price":0.1234567890123456789012,"ok":1.5}]}',
    }));
    const { stringify } = await import('@tidemark/protocol');
    const read = await transcript(await streamsOf(one('page'), api));
    expect(stringify(rows(read.sent)[0]!.record)).toBe(
      '{"id":9007199254740993,"price":0.1234567890123456789012,"ok":1.5}',
    );
  });
  it('a filtered page does not end the paging', async () => {
    const manifest = manifestOf([
      streamOf('things', {
        paginator: paginators.page,
        record_selector: {
          type: 'RecordSelector',
          extractor: { type: 'DpathExtractor', field_path: ['data'] },
          record_filter: { type: 'RecordFilter', condition: '{{ record.id % 4 == 0 }}' },
        },
      }),
    ]);
    const read = await transcript(await streamsOf(manifest, new FakeApi(pagesOf(10))));
    expect(multiset(rows(read.sent))).toEqual(['things {"id":0}', 'things {"id":4}', 'things {"id":8}']);
  });
});
