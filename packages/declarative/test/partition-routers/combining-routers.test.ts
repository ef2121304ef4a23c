import { describe, expect, it } from 'vitest';
import { buildRouter, type MemoryParent, parent, partitionsOf, substream } from './build-router.js';

const list = (values: string[], name = 'pid') => ({ type: 'ListPartitionRouter', cursor_field: name, values });

describe('GroupingPartitionRouter', () => {
  const grouping = (router: object, more = {}) =>
    ({ type: 'GroupingPartitionRouter', group_size: 2, underlying_partition_router: router, ...more }) as never;

  it('puts values into lists and leaves out those that came before', async () => {
    const router = buildRouter(grouping(list(['a', 'b', 'a', 'c', 'b'])));
    expect(await partitionsOf(router)).toEqual([{ partition: { pid: ['a', 'b'] } }, { partition: { pid: ['c'] } }]);
    expect(router.needsGlobalCursor).toBe(true);
    const all = buildRouter(grouping(list(['a', 'a', 'a']), { deduplicate: false }));
    expect((await partitionsOf(all)).map(({ partition }) => partition.pid)).toEqual([['a', 'a'], ['a']]);
  });

  it('groups what the partitions carry, with the state of the last parent', async () => {
    const users: MemoryParent = {
      step: 10,
      pages: [
        [
          { id: 1, at: 1, n: 'x' },
          { id: 2, at: 2 },
          { id: 3, at: 12, n: 'z' },
        ],
      ],
    };
    const router = buildRouter(
      grouping(substream(parent('users', { incremental_dependency: true, extra_fields: [['n']] }))),
      { users },
    );
    expect(await partitionsOf(router)).toEqual([
      {
        partition: { pid: [1, 2], parent_slice: [{}, {}] },
        extra: { n: ['x', null] },
        parentState: expect.objectContaining({ users: expect.objectContaining({ at: 2 }) }),
      },
      { partition: { pid: [3], parent_slice: [{}] }, extra: { n: ['z'] }, parentState: { users: { at: 12 } } },
    ]);
    expect(router.parentState()).toEqual({ users: { at: 12 } });
  });

  it('refuses what cannot be grouped', () => {
    expect(() => buildRouter(grouping(list([]), { group_size: 0 }))).toThrow(/group_size/);
    const option = { request_option: { type: 'RequestOption', inject_into: 'header', field_name: 'X' } };
    expect(() => buildRouter(grouping({ ...list([]), ...option }))).toThrow(/request_option/);
  });
});

describe('UnionPartitionRouter', () => {
  const union = (...routers: object[]) =>
    ({ type: 'UnionPartitionRouter', partition_field: 'pid', partition_routers: routers }) as never;

  it('gives each value once; what else a partition carries is for templates', async () => {
    const users: MemoryParent = { pages: [[{ id: 'b' }, { id: 1 }, { id: '1' }]] };
    const router = buildRouter(union(list(['a', 'b']), substream(parent('users'))), { users });
    expect(await partitionsOf(router)).toEqual([
      { partition: { pid: 'a' }, extra: {} },
      { partition: { pid: 'b' }, extra: {} },
      { partition: { pid: 1 }, extra: { parent_slice: {} } },
      { partition: { pid: '1' }, extra: { parent_slice: {} } },
    ]);
    expect(router.parentState()).toEqual({});
  });

  it('keeps the states of all parents', async () => {
    const parents = {
      users: { step: 9, pages: [[{ id: 1, at: 3 }]] },
      teams: { step: 9, pages: [[{ id: 2, at: 5 }]] },
    };
    const router = buildRouter(
      union(
        substream(parent('users', { incremental_dependency: true })),
        substream(parent('teams', { incremental_dependency: true })),
      ),
      parents,
    );
    expect((await partitionsOf(router)).map(({ parentState }) => parentState)).toEqual([
      { users: { at: 3 } },
      { users: { at: 3 }, teams: { at: 5 } },
    ]);
    expect(router.parentState()).toEqual({ users: { at: 3 }, teams: { at: 5 } });
  });

  it('refuses other keys, single routers, request options and values that are no scalars', async () => {
    expect(() => buildRouter(union(list(['a']), list(['b'], 'other')))).toThrow(/gives 'other'/);
    expect(() => buildRouter(union(list(['a'])))).toThrow(/at least two/);
    const option = { request_option: { type: 'RequestOption', inject_into: 'header', field_name: 'X' } };
    expect(() => buildRouter(union(list(['a']), { ...list([]), ...option }))).toThrow(/request_option/);
    const users: MemoryParent = { pages: [[{ id: { a: 1 } }]] };
    await expect(partitionsOf(buildRouter(union(list(['a']), substream(parent('users'))), { users }))).rejects.toThrow(
      /no list or object/,
    );
  });
});

describe('CustomPartitionRouter', () => {
  class Regions {
    constructor(private readonly given: { fields: { regions: string[] } }) {}
    async *partitions() {
      for (const region of this.given.fields.regions) yield { partition: { region } };
    }
  }
  const raw = { type: 'CustomPartitionRouter', class_name: 'a.Regions', regions: ['eu'] };

  it("is made by the author's class, or function", async () => {
    const router = buildRouter(raw, {}, { custom: (name) => (name === 'a.Regions' ? Regions : undefined) });
    expect(await partitionsOf(router)).toEqual([{ partition: { region: 'eu' } }]);
    expect(router.parts({})).toEqual({});
    const made = buildRouter(raw, {}, { custom: () => (given: never) => new Regions(given) });
    expect(await partitionsOf(made)).toEqual([{ partition: { region: 'eu' } }]);
  });

  it('is refused where there is no such code', () => {
    expect(() => buildRouter(raw)).toThrow(/CustomPartitionRouter 'a.Regions'/);
  });
});
