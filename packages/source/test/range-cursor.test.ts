import type { JsonObject } from '@tidemark/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  OWN_KEY,
  type PartitionCursor,
  type RangeCut,
  type RangeValues,
  type RecordData,
  rangeCursor,
} from '../src/index.js';

const NUMBERS: RangeValues<number> = {
  compare: (a, b) => a - b,
  parse(value) {
    if (typeof value !== 'number') throw new Error(`${JSON.stringify(value)} is no number`);
    return value;
  },
  format: (value) => value,
  write: (value) => value,
  read(value) {
    if (typeof value !== 'number') throw new Error(`${JSON.stringify(value)} is no number`);
    return value;
  },
  after: (value) => value + 1,
  highest: (records) =>
    records.reduce<number | undefined>(
      (high, { at }) => (typeof at === 'number' && (high ?? at) <= at ? at : high),
      undefined,
    ),
};

interface Given {
  start?: number;
  end: number;
  step?: number;
  lookback?: number;
  state?: JsonObject;
  fingerprint?: string;
  warn?: (message: string) => void;
}

function cursorOf({ start = 0, end, step, lookback = 0, state, fingerprint = 'f', warn }: Given): PartitionCursor {
  const cut: RangeCut<number> = {
    start,
    end: () => end,
    ...(step ? { step: (value) => value + step, before: (value) => value - 1 } : {}),
    ...(lookback ? { lookback: (value) => value - lookback } : {}),
    isStrict: false,
  };
  return rangeCursor({
    values: NUMBERS,
    cut,
    cursorField: 'at',
    fields: { start: 'from', end: 'to' },
    state,
    fingerprint,
    warn,
  });
}

const slicesOf = (cursor: PartitionCursor): JsonObject[] => [...cursor.slices()].map(({ slice }) => slice);
const ownOf = (cursor: PartitionCursor): JsonObject => cursor.state()?.[OWN_KEY] as JsonObject;
const at = (...values: number[]): RecordData[] => values.map((value) => ({ at: value }));

describe('rangeCursor', () => {
  it('cuts the range into slices that do not overlap and ends with the end', () => {
    expect(slicesOf(cursorOf({ end: 25, step: 10 }))).toEqual([
      { from: 0, to: 9 },
      { from: 10, to: 19 },
      { from: 20, to: 25 },
    ]);
    expect(slicesOf(cursorOf({ end: 25 }))).toEqual([{ from: 0, to: 25 }]);
  });

  it('begins at the value of the state less the lookback, never before the start', () => {
    expect(slicesOf(cursorOf({ end: 25, state: { at: 20 }, lookback: 5 }))).toEqual([{ from: 15, to: 25 }]);
    expect(slicesOf(cursorOf({ end: 25, state: { at: 20 }, lookback: 50, start: 3 }))).toEqual([{ from: 3, to: 25 }]);
    expect(slicesOf(cursorOf({ end: 25, state: { at: 30 } }))).toEqual([]);
  });

  it('moves the value only over the unbroken stretch from the beginning', () => {
    const cursor = cursorOf({ end: 29, step: 10 });
    const [first, second, third] = slicesOf(cursor);
    cursor.observe(second!, at(12, 17));
    cursor.close(second!);
    expect(cursor.state()?.at).toBe(0);
    cursor.observe(first!, at(4));
    cursor.close(first!);
    expect(cursor.state()?.at).toBe(17);
    cursor.close(third!);
    expect(cursor.state()).toEqual({ at: 17 });
  });

  it('names no value beyond the closed slices while others are open, whatever the API sent', () => {
    const cursor = cursorOf({ end: 29, step: 10 });
    const [first, ...others] = slicesOf(cursor);
    cursor.observe(first!, at(27));
    cursor.close(first!);
    expect(cursor.state()?.at).toBe(9);
    for (const slice of others) cursor.close(slice);
    expect(cursor.state()).toEqual({ at: 27 });
  });

  it('keeps what the value cannot say beside it, and nothing once all is done', () => {
    const cursor = cursorOf({ end: 29, step: 10, state: { at: 0, other: 'kept' } });
    expect(cursor.state()).toEqual({ at: 0, other: 'kept' });
    const [first, second, third] = slicesOf(cursor);
    cursor.observe(second!, at(11));
    cursor.page(second!, 'token-2');
    cursor.observe(third!, at(25));
    cursor.close(third!);
    expect(cursor.state()).toEqual({
      at: 0,
      other: 'kept',
      [OWN_KEY]: {
        v: 1,
        plan: { start: 0, end: 29 },
        fingerprint: 'f',
        slices: [
          { start: 20, end: 29, high: 25, done: true },
          { start: 10, end: 19, high: 11, next_page_token: 'token-2' },
        ],
      },
    });
    cursor.close(first!);
    cursor.close(second!);
    expect(cursor.state()).toEqual({ at: 25, other: 'kept' });
  });

  it('finishes the old plan and plans nothing beyond it', () => {
    const before = cursorOf({ end: 29, step: 10, lookback: 3, state: { at: 5 } });
    const [first, second] = slicesOf(before);
    expect(first).toEqual({ from: 2, to: 11 });
    before.observe(first!, at(8));
    before.close(first!);
    before.page(second!, 7);
    const after = cursorOf({ end: 100, step: 10, lookback: 3, state: before.state() });
    expect([...after.slices()]).toEqual([{ slice: second, position: 7 }, { slice: { from: 22, to: 29 } }]);
    after.close(second!);
    after.observe({ from: 22, to: 29 }, at(28));
    after.close({ from: 22, to: 29 });
    expect(after.state()).toEqual({ at: 28 });
    expect(slicesOf(cursorOf({ end: 30, state: after.state() }))).toEqual([{ from: 28, to: 30 }]);
  });

  it('does not let a start that moves with the clock move an unfinished plan', () => {
    const before = cursorOf({ start: 5, end: 29, step: 10 });
    const slices = slicesOf(before);
    before.page(slices[0]!, 'token');
    before.close(slices[1]!);
    const after = cursorOf({ start: 12, end: 36, step: 10, state: before.state() });
    expect([...after.slices()]).toEqual([{ slice: slices[0], position: 'token' }, { slice: slices[2] }]);
    for (const slice of [slices[0]!, slices[2]!]) after.close(slice);
    expect(after.state()).toEqual({ at: 12 });
  });

  it('still names the positions of slices that the resumed run has not come to', () => {
    const before = cursorOf({ end: 29, step: 10 });
    const slices = slicesOf(before);
    for (const [i, slice] of slices.entries()) before.page(slice, i);
    const after = cursorOf({ end: 29, step: 10, state: before.state() });
    const planned = after.slices()[Symbol.iterator]();
    const first = planned.next().value!;
    after.close(first.slice);
    expect(ownOf(after).slices).toEqual([
      { start: 0, end: 9, done: true },
      { start: 10, end: 19, next_page_token: 1 },
      { start: 20, end: 29, next_page_token: 2 },
    ]);
  });

  it('drops positions that were made in another way, says so, and keeps what is done', () => {
    const before = cursorOf({ end: 29, step: 10 });
    const [first, second] = slicesOf(before);
    before.close(first!);
    before.page(second!, 7);
    const planned = [...cursorOf({ end: 29, step: 10, state: before.state(), fingerprint: 'other' }).slices()];
    expect(planned).toEqual([
      { slice: second, anew: expect.stringContaining('pages in another way') },
      { slice: { from: 20, to: 29 } },
    ]);
  });

  it('begins slices anew that are cut otherwise than before', () => {
    const before = cursorOf({ end: 29, step: 10 });
    const [first, second] = slicesOf(before);
    before.close(first!);
    before.page(second!, 7);
    const planned = [...cursorOf({ end: 29, step: 15, state: before.state() }).slices()];
    expect(planned.map(({ slice, position }) => [slice.from, position])).toEqual([
      [0, undefined],
      [15, undefined],
    ]);
    for (const { anew } of planned) expect(anew).toContain('other slices');
  });

  it('forgets the pages of a slice that begins anew', () => {
    const cursor = cursorOf({ end: 9 });
    const [slice] = slicesOf(cursor);
    cursor.observe(slice!, at(8));
    cursor.page(slice!, 'token');
    cursor.restart(slice!);
    expect(cursor.state()).toEqual({ at: 0 });
  });

  it('reads states of slices, and fills the gaps between them', () => {
    const state = {
      state_type: 'date-range',
      slices: [
        { start: 5, end: 9, most_recent_cursor_value: 8 },
        { start: 20, end: 24 },
      ],
    };
    const cursor = cursorOf({ end: 30, step: 100, state });
    expect(slicesOf(cursor)).toEqual([
      { from: 0, to: 4 },
      { from: 10, to: 19 },
      { from: 24, to: 30 },
    ]);
    cursor.page({ from: 10, to: 19 }, 'token');
    const resumed = cursorOf({ end: 99, step: 100, state: cursor.state() });
    expect([...resumed.slices()].map(({ slice, position }) => [slice.from, position])).toEqual([
      [0, undefined],
      [10, 'token'],
      [24, undefined],
    ]);
  });

  it('says which value of the state it cannot read, and goes without a plan that it cannot read', () => {
    expect(() => cursorOf({ end: 9, state: { at: 'soon' } })).toThrow(/'at' cannot be read/);
    const warnings: string[] = [];
    for (const own of [
      { v: 1, plan: 3 },
      { v: 2, plan: { start: 0 } },
      { v: 1, plan: { start: 'x' } },
      { v: 1, plan: { start: 1, end: 2 }, slices: [{ start: 1 }] },
    ]) {
      expect(
        slicesOf(cursorOf({ end: 9, state: { at: 4, [OWN_KEY]: own }, warn: (message) => warnings.push(message) })),
      ).toEqual([{ from: 4, to: 9 }]);
    }
    expect(warnings).toHaveLength(4);
    expect(slicesOf(cursorOf({ end: 9, state: { at: null, [OWN_KEY]: null } }))).toEqual([{ from: 0, to: 9 }]);
  });

  it('folds what is done out of order', () => {
    const cursor = cursorOf({ end: 9_999, step: 2 });
    const slices = slicesOf(cursor);
    for (const slice of slices.slice(1)) cursor.close(slice);
    expect(ownOf(cursor).slices).toEqual([{ start: 2, end: 9_999, done: true }]);
  });

  it('reads an open range as one slice and moves to the highest value', () => {
    const open = (state?: JsonObject): PartitionCursor =>
      rangeCursor({
        values: NUMBERS,
        cut: { start: 3, end: () => undefined, isStrict: false },
        cursorField: 'at',
        fields: { start: 'start' },
        state,
        fingerprint: 'f',
      });
    const cursor = open();
    const [slice] = slicesOf(cursor);
    expect(slice).toEqual({ start: 3 });
    cursor.observe(slice!, at(9, 4));
    cursor.page(slice!, 'token');
    const state = cursor.state();
    expect(state?.at).toBe(3);
    expect([...open(state).slices()]).toEqual([{ slice, position: 'token' }]);
    cursor.close(slice!);
    expect(cursor.state()).toEqual({ at: 9 });
    const empty = open({ at: 9 });
    empty.close(slicesOf(empty)[0]!);
    expect(empty.state()).toEqual({ at: 9 });
  });
});

interface World {
  truth: number[];
  end: number;
  step: number | undefined;
  pageSize: number;
}

/** The API: the records of a slice in an order of its own, page by page; the token is an offset. */
function pagesOf(world: World, slice: JsonObject): { id: number; at: number }[][] {
  const found = world.truth
    .map((value, id) => ({ id, at: value }))
    .filter((one) => one.at >= Number(slice.from) && one.at <= Number(slice.to));
  found.sort((a, b) => ((a.id * 7919) % 101) - ((b.id * 7919) % 101) || a.id - b.id);
  const pages = [];
  for (let i = 0; i < found.length; i += world.pageSize) pages.push(found.slice(i, i + world.pageSize));
  return pages.length ? pages : [[]];
}

/** Runs until the plan is done or the steps run out; gives the ids that the last state covers, and that state. */
function run(
  world: World,
  state: JsonObject | undefined,
  end: number,
  choices: Iterator<number>,
  steps: number,
): { ids: number[]; state: JsonObject; isDone: boolean } {
  const cursor = cursorOf({ end, step: world.step, state });
  const planned = cursor.slices()[Symbol.iterator]();
  const readers: { slice: JsonObject; pages: { id: number; at: number }[][]; next: number }[] = [];
  const ids: number[] = [];
  let saved = { ids: 0, state: cursor.state() as JsonObject };
  let isExhausted = false;
  for (let i = 0; i < steps; i++) {
    const choice = choices.next().value as number;
    if (!isExhausted && readers.length < 4 && (readers.length === 0 || choice % 3 === 0)) {
      const unit = planned.next();
      if (unit.done) isExhausted = true;
      else
        readers.push({
          slice: unit.value.slice,
          pages: pagesOf(world, unit.value.slice),
          next: Number(unit.value.position ?? 0),
        });
    }
    if (readers.length === 0) {
      if (isExhausted) return { ids, state: cursor.state() as JsonObject, isDone: true };
      continue;
    }
    const reader = readers[choice % readers.length]!;
    const page = reader.pages[reader.next]!;
    ids.push(...page.map(({ id }) => id));
    cursor.observe(
      reader.slice,
      page.map((record) => ({ ...record })),
    );
    reader.next++;
    if (reader.next < reader.pages.length) cursor.page(reader.slice, reader.next);
    else {
      cursor.close(reader.slice);
      readers.splice(readers.indexOf(reader), 1);
    }
    if (choice % 5 !== 0) saved = { ids: ids.length, state: JSON.parse(JSON.stringify(cursor.state())) as JsonObject };
  }
  // Killed after the very last close: the state that was saved says whether anything is left.
  const isDone =
    readers.length === 0 &&
    saved.ids === ids.length &&
    planned.next().done === true &&
    saved.state[OWN_KEY] === undefined;
  return { ids: ids.slice(0, saved.ids), state: saved.state, isDone };
}

describe('kill and resume', () => {
  const world = fc.record({
    truth: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 60 }),
    end: fc.constant(200),
    step: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    pageSize: fc.integer({ min: 1, max: 7 }),
  });

  it('gives exactly the records and the state of an unbroken run, wherever it is killed and however slices complete', () => {
    fc.assert(
      fc.property(
        world,
        fc.infiniteStream(fc.nat(1_000)),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }),
        (given, choices, kills) => {
          const ids: number[] = [];
          let state: JsonObject | undefined;
          let isDone = false;
          for (const [i, steps] of [...kills, 100_000].entries()) {
            // A killed run goes on later, when the range would end elsewhere.
            const result = run(given, state, state?.[OWN_KEY] ? given.end + i * 50 : given.end, choices, steps);
            ids.push(...result.ids);
            const value = Number(result.state.at);
            const seen = new Set(ids);
            for (const [id, cursorValue] of given.truth.entries()) {
              if (cursorValue < value)
                expect(seen.has(id), `record ${id} at ${cursorValue} was passed by a state at ${value}`).toBe(true);
            }
            state = result.state;
            isDone = result.isDone;
            if (isDone) break;
          }
          expect(isDone).toBe(true);
          expect(ids.sort((a, b) => a - b)).toEqual(given.truth.map((_, id) => id));
          expect(state).toEqual({ at: Math.max(0, ...given.truth) });
        },
      ),
      { numRuns: 500 },
    );
  });
});
