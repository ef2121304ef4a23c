import type { Json, JsonObject } from '@tidemark/protocol';
import type { Position } from '../unit.js';
import type { Interval } from './intervals.js';
import type { RangeValues, Stretch } from './range-plan.js';
import { ownPart, POSITION_KEY } from './state-keys.js';

/** A slice of an unfinished plan, as the state has it. */
export type KeptSlice<V> =
  | { done: true; start: V; end: V; high?: V }
  | { done: false; start: V; end: V | undefined; position: Position; high?: V };

/** An unfinished plan, as the state has it. */
export interface KeptPlan<V> {
  plan: Stretch<V>[];
  fingerprint: string | undefined;
  slices: KeptSlice<V>[];
}

/**
 * Our part of a range's state:
 * `{ v: 1, plan: { start, end, gaps? }, fingerprint, slices: [{ start, end, done, high? } | { start, end, next_page_token, high? }] }`.
 */
export function keptState<V>(
  values: RangeValues<V>,
  plan: readonly Stretch<V>[],
  fingerprint: string,
  done: readonly Interval<V>[],
  open: readonly { start: V; end: V | undefined; position?: Position; high?: V }[],
): JsonObject {
  const bounds = (part: { start: V; end: V | undefined; high?: V }): JsonObject => ({
    start: values.write(part.start),
    ...(part.end === undefined ? {} : { end: values.write(part.end) }),
    ...(part.high === undefined ? {} : { high: values.write(part.high) }),
  });
  const tail = plan.find((stretch) => stretch.isTail);
  const gaps = plan.filter((stretch) => !stretch.isTail).map((gap) => bounds({ start: gap.start, end: gap.end }));
  return {
    v: 1,
    plan: { ...(tail && bounds({ start: tail.start, end: tail.end })), ...(gaps.length ? { gaps } : {}) },
    fingerprint,
    slices: [
      ...done.map((run) => ({ ...bounds(run), done: true })),
      ...open.map((slice) => ({ ...bounds(slice), [POSITION_KEY]: slice.position })),
    ],
  };
}

/** Reads our part of a state; undefined when there is none, or none that can be read (with a warning). */
export function readKept<V>(
  state: JsonObject | undefined,
  values: RangeValues<V>,
  warn?: (message: string) => void,
): KeptPlan<V> | undefined {
  const own = ownPart(state);
  if (own.plan === undefined) return undefined;
  try {
    if (own.v !== 1) throw new Error(`version ${JSON.stringify(own.v)}`);
    const plan = object(own.plan);
    const gaps = plan.gaps === undefined ? [] : array(plan.gaps).map((gap) => stretch(values, object(gap), false));
    return {
      plan: plan.start === undefined && gaps.length ? gaps : [...gaps, stretch(values, plan, true)],
      fingerprint: typeof own.fingerprint === 'string' ? own.fingerprint : undefined,
      slices: array(own.slices ?? []).map((slice) => keptSlice(values, object(slice))),
    };
  } catch (error) {
    warn?.(
      `What the state keeps of an unfinished run cannot be read, so that run is not gone on with: ${(error as Error).message}`,
    );
    return undefined;
  }
}

function stretch<V>(values: RangeValues<V>, raw: JsonObject, isTail: boolean): Stretch<V> {
  return { start: values.read(raw.start as Json), end: optional(values, raw.end), isTail };
}

function keptSlice<V>(values: RangeValues<V>, raw: JsonObject): KeptSlice<V> {
  const start = values.read(raw.start as Json);
  const end = optional(values, raw.end);
  const high = optional(values, raw.high);
  if (raw.done === true) {
    if (end === undefined) throw new Error('a done slice without an end');
    return { done: true, start, end, high };
  }
  const position = raw[POSITION_KEY];
  if (position === undefined || position === null) throw new Error('an open slice without a position');
  return { done: false, start, end, position, high };
}

function optional<V>(values: RangeValues<V>, raw: Json | undefined): V | undefined {
  return raw === undefined || raw === null ? undefined : values.read(raw);
}

function object(raw: Json | undefined): JsonObject {
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) throw new Error('an object was due');
  return raw as JsonObject;
}

function array(raw: Json): Json[] {
  if (!Array.isArray(raw)) throw new Error('a list was due');
  return raw;
}
