import type { JsonObject } from '@tidemark/protocol';
import {
  OWN_KEY,
  type PartitionCursor,
  partitionedCursor,
  rangeCursor,
  type StreamCursor,
  type Unit,
} from '@tidemark/source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRouter, type MemoryParent, parent, substream } from './build-router.js';

/** Parents in pages; each child's records are moments between 0 and 100. */
interface World {
  parents: { id: number; at: number }[];
  parentPage: number;
  parentStep: number | undefined;
  keepsState: boolean;
  useGlobal: boolean;
  children: number[][];
  step: number | undefined;
  pageSize: number;
}

function childCursor(world: World, state: JsonObject | undefined): PartitionCursor {
  const { step } = world;
  return rangeCursor<number>({
    values: {
      compare: (a, b) => a - b,
      parse: Number,
      format: (value) => value,
      write: (value) => value,
      read: Number,
      after: (value) => value + 1,
      highest: (records) =>
        records.reduce<number | undefined>((high, record) => Math.max(high ?? 0, Number(record.v)), undefined),
    },
    cut: {
      start: 0,
      end: () => 100,
      isStrict: false,
      ...(step ? { step: (value: number) => value + step, before: (value: number) => value - 1 } : {}),
    },
    cursorField: 'v',
    fields: { start: 'from', end: 'to' },
    state,
    fingerprint: 'f',
  });
}

function open(world: World, state: JsonObject | undefined): StreamCursor {
  const pages = [];
  for (let i = 0; i < world.parents.length; i += world.parentPage)
    pages.push(world.parents.slice(i, i + world.parentPage));
  const users: MemoryParent = { pages, ...(world.parentStep ? { step: world.parentStep } : {}) };
  const router = buildRouter(substream(parent('users', { incremental_dependency: world.keepsState })), { users });
  return partitionedCursor({
    state,
    partitions: (before, signal) => router.partitions(before, signal),
    parentStateOf: (given) => router.parentStateOf?.(given),
    parentState: () => router.parentState(),
    cursor: (partitionState) => childCursor(world, partitionState),
    incremental: {
      cursorField: 'v',
      useGlobal: world.useGlobal,
      compare: (a, b) => Number(a) - Number(b),
      highest: (records) =>
        records.reduce<number | undefined>((high, record) => Math.max(high ?? 0, Number(record.v)), undefined),
    },
    clock: () => 0,
    log: () => {},
  });
}

function pagesOf(world: World, unit: Unit): { id: string; v: number }[][] {
  const pid = unit.partition.pid as number;
  const child = world.parents.findIndex(({ id }) => id === pid);
  const found = (world.children[child % world.children.length] ?? [])
    .map((v, i) => ({ id: `${pid}:${i}`, v }))
    .filter(({ v }) => v >= Number(unit.slice.from) && v <= Number(unit.slice.to));
  const pages = [];
  for (let i = 0; i < found.length; i += world.pageSize) pages.push(found.slice(i, i + world.pageSize));
  return pages.length ? pages : [[]];
}

interface Reader {
  unit: Unit;
  pages: { id: string; v: number }[][];
  next: number;
}

/** Reads with up to three readers until the steps run out; gives what the last state covers. */
async function run(
  world: World,
  state: JsonObject | undefined,
  choices: Iterator<number>,
  steps: number,
): Promise<{ ids: string[]; state: JsonObject; isDone: boolean }> {
  const cursor = open(world, state);
  const units = cursor.plan(new AbortController().signal)[Symbol.asyncIterator]();
  const readers: Reader[] = [];
  const ids: string[] = [];
  let saved = { ids: 0, state: JSON.parse(JSON.stringify(cursor.state())) as JsonObject };
  let isPlanned = false;
  for (let i = 0; i < steps; i++) {
    const choice = choices.next().value as number;
    if (!isPlanned && readers.length < 3 && (readers.length === 0 || choice % 2 === 0)) {
      const planned = await units.next();
      if (planned.done) isPlanned = true;
      else
        readers.push({
          unit: planned.value,
          pages: pagesOf(world, planned.value),
          next: Number(planned.value.position ?? 0),
        });
    }
    if (readers.length === 0) {
      if (!isPlanned) continue;
      cursor.finish();
      return { ids, state: cursor.state(), isDone: true };
    }
    const reader = readers[choice % readers.length]!;
    const records = reader.pages[reader.next]!;
    ids.push(...records.map(({ id }) => id));
    reader.next++;
    const isLast = reader.next >= reader.pages.length;
    cursor.page(reader.unit, { records, ...(isLast ? {} : { next: reader.next }) });
    if (isLast) {
      cursor.close(reader.unit);
      readers.splice(readers.indexOf(reader), 1);
    }
    if (choice % 3 !== 0) saved = { ids: ids.length, state: JSON.parse(JSON.stringify(cursor.state())) as JsonObject };
  }
  return { ids: ids.slice(0, saved.ids), state: saved.state, isDone: false };
}

describe('an incremental substream that is killed and goes on', () => {
  const worlds = fc.record<World>({
    parents: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 40 }), at: fc.integer({ min: 0, max: 60 }) }), {
      selector: ({ id }) => id,
      maxLength: 9,
    }),
    parentPage: fc.integer({ min: 1, max: 4 }),
    parentStep: fc.option(fc.integer({ min: 5, max: 70 }), { nil: undefined }),
    keepsState: fc.boolean(),
    useGlobal: fc.boolean(),
    children: fc.array(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }), { minLength: 1, maxLength: 5 }),
    step: fc.option(fc.integer({ min: 10, max: 60 }), { nil: undefined }),
    pageSize: fc.integer({ min: 1, max: 4 }),
  });

  it('gives every record once, and the state of an unbroken run', async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.infiniteStream(fc.nat(1_000)),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }),
        async (world, choices, kills) => {
          const ids: string[] = [];
          let state: JsonObject | undefined;
          let isDone = false;
          for (const steps of [...kills, 100_000]) {
            const result = await run(world, state, choices, steps);
            ids.push(...result.ids);
            state = result.state;
            isDone = result.isDone;
            if (isDone) break;
          }
          expect(isDone).toBe(true);
          const unbroken = await run(world, undefined, fc.sample(fc.infiniteStream(fc.nat(1_000)), 1)[0]!, 100_000);
          expect(ids.sort()).toEqual(unbroken.ids.sort());
          expect(state?.[OWN_KEY]).toBeUndefined();
          expect(withoutOrder(state!)).toEqual(withoutOrder(unbroken.state));
        },
      ),
      { numRuns: 300 },
    );
  });
});

function withoutOrder(state: JsonObject): JsonObject {
  const states = Array.isArray(state.states) ? state.states.map((one) => JSON.stringify(one)).sort() : [];
  return { ...state, states };
}
