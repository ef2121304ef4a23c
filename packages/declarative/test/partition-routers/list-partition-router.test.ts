import { describe, expect, it } from 'vitest';
import { cartesianProduct } from '../../src/components/partition-routers/cartesian-product.js';
import { buildRouter, type MemoryParent, parent, partitionsOf, substream } from './build-router.js';

const list = (name: string, values: string[], option?: object) => ({
  type: 'ListPartitionRouter',
  cursor_field: name,
  values,
  ...(option ? { request_option: { type: 'RequestOption', ...option } } : {}),
});

describe('ListPartitionRouter', () => {
  it('gives a partition for each value, in order', async () => {
    const router = buildRouter(list('section', ['open', 'closed']));
    expect(await partitionsOf(router)).toEqual([
      { partition: { section: 'open' } },
      { partition: { section: 'closed' } },
    ]);
    expect(router.parentState()).toBeUndefined();
    expect(router.partitionFields).toEqual(['section']);
  });

  it('puts the value into the request unless it is empty', () => {
    const router = buildRouter(list('section', [], { inject_into: 'request_parameter', field_name: 's' }));
    expect(router.parts({ stream_slice: { section: 'open' } })).toEqual({ params: { s: 'open' } });
    expect(router.parts({ stream_slice: { section: '' } })).toEqual({});
    expect(router.parts({ stream_slice: {} })).toEqual({});
    expect(buildRouter(list('section', [])).parts({ stream_slice: { section: 'open' } })).toEqual({});
  });
});

describe('cartesianProduct', () => {
  it('gives every combination, the last router changing fastest', async () => {
    const product = cartesianProduct([buildRouter(list('a', ['1', '2'])), buildRouter(list('b', ['x', 'y']))]);
    expect((await partitionsOf(product)).map(({ partition }) => partition)).toEqual([
      { a: '1', b: 'x' },
      { a: '1', b: 'y' },
      { a: '2', b: 'x' },
      { a: '2', b: 'y' },
    ]);
    expect(product.partitionFields).toEqual(['a', 'b']);
    expect(await partitionsOf(cartesianProduct([buildRouter(list('a', [])), buildRouter(list('b', ['x']))]))).toEqual(
      [],
    );
  });

  it('begins each parent where a state of the stream says, and keeps no state of theirs', async () => {
    const parents: Record<string, MemoryParent> = {
      users: { step: 9, pages: [[{ id: 1, at: 3 }]] },
      teams: { step: 9, pages: [[{ id: 2, at: 5 }]] },
    };
    const kept = (name: string, field: string) =>
      buildRouter(substream(parent(name, { incremental_dependency: true, partition_field: field })), parents);
    const product = cartesianProduct([kept('users', 'user'), kept('teams', 'team')]);
    const found = await partitionsOf(product, product.parentStateOf?.({ state: { at: 2 } }));
    expect(found).toEqual([{ partition: { user: 1, team: 2, parent_slice: {} } }]);
    expect([parents.users?.opened, parents.teams?.opened]).toEqual([[{ at: 2 }], [{ at: 2 }]]);
    expect(product.parentState()).toBeUndefined();
    expect(product.parentStateOf?.({ states: [] })).toBeUndefined();
  });

  it('puts the values of all routers into the request, the earlier one where two name the same place', () => {
    const option = (name: string) => ({ inject_into: 'request_parameter', field_name: name });
    const product = cartesianProduct([
      buildRouter(list('a', [], option('same'))),
      buildRouter(list('b', [], option('same'))),
      buildRouter(list('c', [], { inject_into: 'header', field_name: 'C' })),
    ]);
    expect(product.parts({ stream_slice: { a: '1', b: '2', c: '3' } })).toEqual({
      params: { same: '1' },
      headers: { C: '3' },
    });
  });
});
