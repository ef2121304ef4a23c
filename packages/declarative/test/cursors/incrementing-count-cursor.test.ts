import type { JsonObject } from '@tidemark/protocol';
import { OWN_KEY } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { buildCursor } from './build-cursor.js';

const OPTIONS = { fingerprint: 'f', warn: () => {} };
const count = (more: JsonObject = {}) => buildCursor({ type: 'IncrementingCountCursor', cursor_field: 'id', ...more });

describe('IncrementingCountCursor', () => {
  it('reads one open slice and ends at the highest number', () => {
    const cursor = count({ start_value: 5 }).cursor(undefined, OPTIONS);
    const planned = [...cursor.slices()];
    expect(planned).toEqual([{ slice: { start: 5 } }]);
    cursor.observe({ start: 5 }, [{ id: 7 }, { id: 12 }, { id: 'x' }, {}]);
    expect(cursor.state()).toEqual({ id: 5 });
    cursor.close({ start: 5 });
    expect(cursor.state()).toEqual({ id: 12 });
  });

  it('begins at the value of the state, and at the start when that is higher', () => {
    const start = (state: JsonObject): unknown =>
      [...count({ start_value: 5 }).cursor(state, OPTIONS).slices()][0]?.slice.start;
    expect(start({ id: 9 })).toBe(9);
    expect(start({ id: 2 })).toBe(5);
    expect(start({ id: '11' })).toBe(11);
    expect(start({ id: null })).toBe(5);
    expect(() => start({ id: 'x' })).toThrow(/'id' cannot be read/);
  });

  it('goes on inside its slice', () => {
    const cursor = count().cursor({ id: 3 }, OPTIONS);
    [...cursor.slices()];
    cursor.observe({ start: 3 }, [{ id: 8 }]);
    cursor.page({ start: 3 }, 2);
    const state = cursor.state();
    expect(state).toEqual({
      id: 3,
      [OWN_KEY]: { v: 1, plan: { start: 3 }, fingerprint: 'f', slices: [{ start: 3, high: 8, next_page_token: 2 }] },
    });
    const resumed = count().cursor(state, OPTIONS);
    expect([...resumed.slices()]).toEqual([{ slice: { start: 3 }, position: 2 }]);
    resumed.close({ start: 3 });
    expect(resumed.state()).toEqual({ id: 8 });
  });

  it('keeps numbers beyond what a double can hold', () => {
    const sync = count();
    expect(sync.highest([{ id: 9_007_199_254_740_993n }, { id: 9_007_199_254_740_992n }])).toBe(9_007_199_254_740_993n);
    expect(sync.compare(9_007_199_254_740_993n, 9_007_199_254_740_992n)).toBeGreaterThan(0);
    expect(sync.normalize('9007199254740993')).toBe(9_007_199_254_740_993n);
  });

  it('puts the start into the request', () => {
    const sync = count({ start_value_option: { inject_into: 'request_parameter', field_name: 'since' } });
    expect(sync.parts({ start: 0 })).toEqual({ params: { since: 0 } });
    expect(sync.allowsPartitions).toBe(false);
    expect(sync.chosen('seq').highest([{ seq: 4, id: 9 }])).toBe(4);
  });

  it('refuses a start that is no number', () => {
    expect(() => count({ start_value: 'first' }).cursor(undefined, OPTIONS)).toThrow(/start_value 'first'/);
  });

  it('knows the records at a number, however it is written', () => {
    const isAt = count().at(7);
    expect([{ id: 7 }, { id: '7' }, { id: 7n }, { id: 8 }, { id: 'x' }, {}].map(isAt)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
