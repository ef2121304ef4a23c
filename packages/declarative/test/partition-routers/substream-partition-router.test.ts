import type { JsonObject } from '@tidemark/protocol';
import { NO_CURSOR_KEY, OWN_KEY } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { buildRouter, type MemoryParent, parent, partitionsOf, substream } from './build-router.js';

describe('SubstreamPartitionRouter', () => {
  it('gives a partition for each parent record that has the key', async () => {
    const users: MemoryParent = {
      pages: [
        [{ id: 1 }, { id: null }, { name: 'x' }],
        [{ id: 'b' }, { id: 0 }],
      ],
    };
    const router = buildRouter(substream(parent('users')), { users });
    expect(await partitionsOf(router)).toEqual([1, 'b', 0].map((pid) => ({ partition: { pid, parent_slice: {} } })));
    expect(router.parentState()).toEqual({});
    expect(users.opened).toEqual([undefined]);
  });

  it('finds keys and extra fields by paths, and names the partition of the parent', async () => {
    const users: MemoryParent = {
      pages: [[{ ref: { id: 7, 'a.b': 1 }, tags: ['x'] }]],
      partition: { org: 3, parent_slice: {} },
    };
    const router = buildRouter(
      substream(
        parent('users', {
          parent_key: '/ref/id',
          extra_fields: [
            ['ref', 'a.b'],
            ['tags', '0'],
            ['missing', 'one'],
          ],
        }),
      ),
      { users },
    );
    expect(await partitionsOf(router)).toEqual([
      {
        partition: { pid: 7, parent_slice: { org: 3, parent_slice: {} } },
        extra: { 'ref.a.b': 1, 'tags.0': 'x', 'missing.one': null },
      },
    ]);
  });

  it('refuses a path that leads to several fields', async () => {
    const users: MemoryParent = { pages: [[{ ref: { a: 1, b: 2 } }]] };
    await expect(
      partitionsOf(buildRouter(substream(parent('users', { parent_key: 'ref/*' })), { users })),
    ).rejects.toThrow(/one field/);
  });

  it('reads several parents one after the other', async () => {
    const parents = { users: { pages: [[{ id: 1 }]] }, teams: { pages: [[{ key: 2 }]] } };
    const router = buildRouter(
      substream(parent('users'), parent('teams', { parent_key: 'key', partition_field: 'team' })),
      parents,
    );
    expect((await partitionsOf(router)).map(({ partition }) => partition)).toEqual([
      { pid: 1, parent_slice: {} },
      { team: 2, parent_slice: {} },
    ]);
    expect(router.partitionFields).toEqual(['pid', 'team']);
  });

  it('hands on the part of the record that is read lazily', async () => {
    const users: MemoryParent = { pages: [[{ id: 1, lines: { data: [1] } }, { id: 2 }]] };
    const router = buildRouter(substream(parent('users', { lazy_read_pointer: ['lines'], extra_fields: [['id']] })), {
      users,
    });
    expect((await partitionsOf(router)).map(({ extra }) => extra)).toEqual([
      { child_response: { data: [1] }, id: 1 },
      { child_response: [], id: 2 },
    ]);
    expect(router.isLazy).toBe(true);
  });

  it('asks for the next page of the parent only when the partitions of this one are taken', async () => {
    const users: MemoryParent = { pages: [[{ id: 1 }, { id: 2 }], [{ id: 3 }]] };
    const partitions = buildRouter(substream(parent('users')), { users })
      .partitions(undefined, new AbortController().signal)
      [Symbol.asyncIterator]();
    await partitions.next();
    await partitions.next();
    expect(users.asked).toEqual([0]);
    await partitions.next();
    expect(users.asked).toEqual([0, 1]);
  });

  it('stops between pages when it is told to', async () => {
    const users: MemoryParent = { pages: [[{ id: 1 }], [{ id: 2 }], [{ id: 3 }]] };
    const abort = new AbortController();
    const found = [];
    for await (const { partition } of buildRouter(substream(parent('users')), { users }).partitions(
      undefined,
      abort.signal,
    )) {
      found.push(partition.pid);
      abort.abort();
    }
    expect(found).toEqual([1]);
    expect(users.asked).toEqual([0]);
  });

  it('puts the value into the request', () => {
    const option = { request_option: { type: 'RequestOption', inject_into: 'body_json', field_path: ['user', 'id'] } };
    const router = buildRouter(substream(parent('users', option)), { users: { pages: [] } });
    expect(router.parts({ stream_slice: { pid: 4 } })).toEqual({ bodyJson: { user: { id: 4 } } });
    expect(router.parts({ stream_slice: { pid: 0 } })).toEqual({});
    expect(router.hasRequestOption).toBe(true);
  });
});

describe('the state of a parent', () => {
  const incremental = (): MemoryParent => ({
    step: 10,
    pages: [
      [
        { id: 1, at: 3 },
        { id: 2, at: 4 },
      ],
      [
        { id: 3, at: 5 },
        { id: 4, at: 14 },
      ],
      [{ id: 5, at: 17 }],
    ],
  });
  const kept = parent('users', { incremental_dependency: true });

  it('moves on with the last partition of each page', async () => {
    const users = incremental();
    const router = buildRouter(substream(kept), { users });
    const partitions = await partitionsOf(router);
    const states = partitions.map(({ parentState }) => (parentState as { users: JsonObject }).users);
    expect(states.map(({ at, [OWN_KEY]: own }) => [at, (own as JsonObject | undefined)?.slices])).toEqual([
      [0, undefined],
      [0, [{ start: 0, end: 9, high: 4, next_page_token: 1 }]],
      [5, [{ start: 0, end: 9, high: 5, done: true }]],
      [
        5,
        [
          { start: 0, end: 9, high: 5, done: true },
          { start: 10, end: 17, high: 14, next_page_token: 1 },
        ],
      ],
      [17, undefined],
    ]);
    expect(router.parentState()).toEqual({ users: { at: 17 } });
  });

  it('is gone on from: no page is asked for that it covers', async () => {
    for (let stop = 0; stop < 5; stop++) {
      const before = await partitionsOf(buildRouter(substream(kept), { users: incremental() }));
      const users = incremental();
      const after = await partitionsOf(buildRouter(substream(kept), { users }), before[stop]!.parentState);
      const ids = [...before.slice(0, stop + 1), ...after].map(({ partition }) => partition.pid as number);
      expect(new Set(ids)).toEqual(new Set([1, 2, 3, 4, 5]));
      expect(users.opened).toEqual([(before[stop]!.parentState as { users: JsonObject }).users]);
    }
  });

  it('is the sentinel of streams without cursor when the parent has none, which is read whole again', async () => {
    const users: MemoryParent = { pages: [[{ id: 1 }], [{ id: 2 }]] };
    const router = buildRouter(substream(kept), { users });
    const partitions = await partitionsOf(router);
    expect(router.parentState()).toEqual({ users: { [NO_CURSOR_KEY]: true } });
    await partitionsOf(router, router.parentState());
    expect(users.opened).toEqual([undefined, undefined]);
    await partitionsOf(router, partitions[0]!.parentState);
    expect(users.asked).toEqual([0, 1, 0, 1, 1]);
  });

  it('comes from an older state of the substream where it has none of its own', async () => {
    const opened = async (state: JsonObject): Promise<unknown> => {
      const users = incremental();
      const router = buildRouter(substream(kept), { users });
      await partitionsOf(router, router.parentStateOf?.(state));
      return users.opened?.[0];
    };
    expect(await opened({ state: { at: 12 }, states: [] })).toEqual({ at: 12 });
    expect(await opened({ at: 12 })).toEqual({ at: 12 });
    expect(await opened({ other: 12 })).toEqual({ at: 12 });
    expect(await opened({ states: [] })).toBeUndefined();
    expect(await opened({ [NO_CURSOR_KEY]: true })).toBeUndefined();
  });
});
