import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, PlannedSlice } from '../cursor.js';
import { ConnectorError } from '../error.js';
import type { RecordData } from '../stream.js';
import type { Position } from '../unit.js';
import { type Interval, includeInterval, mergeIntervals } from './intervals.js';
import { cutStretch, type RangeCut, type RangeValues, type Stretch, withinRange } from './range-plan.js';
import { type KeptSlice, keptState, readKept } from './range-state.js';
import { COMPLETE_KEY, NO_CURSOR_KEY, OWN_KEY, POSITION_KEY } from './state-keys.js';

/** What a range cursor is made for. */
export interface RangeCursorOptions<V> {
  readonly values: RangeValues<V>;
  readonly cut: RangeCut<V>;
  /** The key of the value in the state. */
  readonly cursorField: string;
  /** The names of a slice's bounds; without `end` slices are open. */
  readonly fields: { readonly start: string; readonly end?: string };
  /** This partition's part of the last state. */
  readonly state: JsonObject | undefined;
  /** Changes when a page position of an earlier run means nothing any more. */
  readonly fingerprint: string;
  readonly warn?: (message: string) => void;
}

/** A slice that was begun, in this run or in the one before. */
interface Open<V> {
  readonly slice: JsonObject;
  start: V;
  end: V | undefined;
  position?: Position;
  high?: V;
  isPlanned: boolean;
  anew?: string;
}

/** Keys that another kind of cursor left in the state: they say nothing about a range. */
const FOREIGN = new Set([OWN_KEY, COMPLETE_KEY, NO_CURSOR_KEY, POSITION_KEY, 'state_type', 'slices']);

/**
 * A cursor over ordered values. The state is `{ [cursorField]: value }`: the highest value that was seen in the unbroken
 * stretch of closed slices from the beginning. While a plan is unfinished, `__tidemark` beside it keeps the plan's bounds,
 * what is done of it and the page positions inside open slices, so that the next run finishes the same plan; nothing is
 * planned beyond it then. Throws ConnectorError (config) when the state holds a value that cannot be read.
 */
export function rangeCursor<V>(options: RangeCursorOptions<V>): PartitionCursor {
  return new RangeCursor(options);
}

class RangeCursor<V> implements PartitionCursor {
  /** What earlier, finished runs cover; the last one ends at the value of the state. */
  private readonly known: Interval<V>[];
  /** What is done of the plan in hand. */
  private readonly done: Interval<V>[] = [];
  /** What an earlier run did of it. */
  private readonly doneBefore: Interval<V>[];
  private readonly open = new Map<string, Open<V>>();
  private readonly rest: JsonObject = {};
  private plan: Stretch<V>[] | undefined;
  /** Every slice of the plan was handed out. */
  private isPlanned = false;

  constructor(private readonly options: RangeCursorOptions<V>) {
    const { state, values, cursorField } = options;
    for (const [key, value] of Object.entries(state ?? {})) {
      if (!FOREIGN.has(key) && key !== cursorField) this.rest[key] = value;
    }
    this.known = this.readKnown();
    const kept = readKept(state, values, options.warn);
    this.plan = kept?.plan;
    const isStale = kept?.fingerprint !== undefined && kept.fingerprint !== options.fingerprint;
    for (const slice of kept?.slices ?? []) this.take(slice, isStale);
    this.doneBefore = this.done.map((run) => ({ ...run }));
  }

  private take(kept: KeptSlice<V>, isStale: boolean): void {
    if (kept.done) {
      includeInterval(this.options.values, this.done, kept);
      return;
    }
    const { start, end } = kept;
    const slice = this.slice(start, end);
    const entry: Open<V> = { slice, start, end, isPlanned: false };
    if (isStale) entry.anew = 'the stream asks for its pages in another way than the run that this state is from';
    else Object.assign(entry, { position: kept.position, high: kept.high });
    this.open.set(canonical(slice), entry);
  }

  private readKnown(): Interval<V>[] {
    const { state, values, cut, cursorField } = this.options;
    try {
      if (Array.isArray(state?.slices) && state.slices.length > 0 && typeof state.state_type === 'string') {
        return mergeIntervals(
          values,
          state.slices.map((slice) => readInterval(values, slice as JsonObject)),
        );
      }
      const before = state?.[cursorField];
      const value = before === undefined || before === null ? undefined : values.parse(before);
      const from = value !== undefined && values.compare(value, cut.start) >= 0 ? value : cut.start;
      return [{ start: cut.start, end: from, high: from }];
    } catch (error) {
      throw new ConnectorError(
        'config',
        `The state's value of '${cursorField}' cannot be read: ${String((error as Error).message ?? error)}`,
        { cause: error },
      );
    }
  }

  *slices(): Iterable<PlannedSlice> {
    const { values, cut } = this.options;
    this.plan ??= this.makePlan();
    let held: PlannedSlice | undefined;
    let last: string | undefined;
    for (const stretch of this.plan) {
      for (const [start, end] of cutStretch(values, cut, stretch)) {
        const slice = this.slice(start, end);
        const key = canonical(slice);
        // A step below what the format can write gives the same slice again: once is enough.
        if (key === last) continue;
        last = key;
        const planned = this.planned(slice, key, start, end);
        if (!planned) continue;
        if (held) yield held;
        held = planned;
      }
    }
    // Known with the last slice, so that the state that follows its close is the finished one.
    this.isPlanned = true;
    for (const [key, entry] of this.open) if (!entry.isPlanned) this.open.delete(key);
    if (held) yield held;
  }

  private makePlan(): Stretch<V>[] {
    const { values, cut } = this.options;
    const stretches: Stretch<V>[] = [{ start: cut.start, end: this.known[0]!.start, isTail: false }];
    for (const [i, interval] of this.known.entries()) {
      const next = this.known[i + 1];
      if (!next) break;
      const start = cut.before ? values.after(interval.end) : interval.end;
      stretches.push({ start, end: next.start, isTail: false });
    }
    const last = this.known.at(-1)!.end;
    stretches.push({ start: cut.lookback?.(last) ?? last, end: cut.end(), isTail: true });
    // Kept with its bounds from here on: a start that moves with the clock must not move an unfinished plan.
    return stretches.map((stretch) => withinRange(values, cut, stretch)).filter((stretch) => stretch !== undefined);
  }

  /** The slice to hand out; undefined when an earlier run did it. */
  private planned(slice: JsonObject, key: string, from: V, to: V | undefined): PlannedSlice | undefined {
    const { values } = this.options;
    const start = this.bound(slice, 'start', from);
    const end = to === undefined ? undefined : this.bound(slice, 'end', to);
    if (
      end !== undefined &&
      this.doneBefore.some((run) => values.compare(run.start, start) <= 0 && values.compare(run.end, end) >= 0)
    ) {
      return undefined;
    }
    let entry = this.open.get(key);
    const anew = entry ? entry.anew : this.overlap(start, end);
    if (entry?.isPlanned !== false) {
      entry = { slice, start, end, isPlanned: true };
      this.open.set(key, entry);
    }
    Object.assign(entry, { start, end, isPlanned: true });
    return {
      slice,
      ...(entry.position === undefined ? {} : { position: entry.position }),
      ...(anew === undefined ? {} : { anew }),
    };
  }

  /** Why a slice repeats records of an earlier run: it is cut otherwise than a slice that was begun or done then. */
  private overlap(start: V, end: V | undefined): string | undefined {
    const { compare } = this.options.values;
    const touches = (other: { start: V; end: V | undefined }): boolean =>
      (end === undefined || compare(other.start, end) <= 0) &&
      (other.end === undefined || compare(start, other.end) <= 0);
    const stale = [...this.open.values()].some(
      (entry) => !entry.isPlanned && entry.position !== undefined && touches(entry),
    );
    return stale || this.doneBefore.some(touches)
      ? 'the range is cut into other slices than in the run that this state is from'
      : undefined;
  }

  private slice(start: V, end: V | undefined): JsonObject {
    const { fields, values } = this.options;
    const slice: JsonObject = { [fields.start]: values.format(start) };
    if (fields.end !== undefined && end !== undefined) slice[fields.end] = values.format(end);
    return slice;
  }

  /** A bound as the slice's text has it: what was asked for is what is covered. */
  private bound(slice: JsonObject, which: 'start' | 'end', value: V): V {
    const { fields, values } = this.options;
    const name = fields[which];
    const text = name === undefined ? undefined : slice[name];
    return text === undefined ? value : values.parse(text);
  }

  private entry(slice: JsonObject): Open<V> {
    const entry = this.open.get(canonical(slice));
    if (!entry) throw new ConnectorError('system', `A slice that was not planned, or is closed: ${canonical(slice)}`);
    return entry;
  }

  observe(slice: JsonObject, records: RecordData[]): void {
    if (records.length === 0) return;
    const { values } = this.options;
    const high = values.highest(records);
    if (high === undefined) return;
    const entry = this.entry(slice);
    if (entry.high === undefined || values.compare(entry.high, high) < 0) entry.high = high;
  }

  page(slice: JsonObject, next: Position | undefined): void {
    if (next !== undefined) this.entry(slice).position = next;
  }

  close(slice: JsonObject): void {
    const { values } = this.options;
    const entry = this.entry(slice);
    this.open.delete(canonical(slice));
    // An open range is covered as far as it was seen; without a record nothing is.
    const end = entry.end ?? entry.high;
    if (end !== undefined) includeInterval(values, this.done, { start: entry.start, end, high: entry.high });
  }

  restart(slice: JsonObject): void {
    const entry = this.entry(slice);
    entry.position = undefined;
    entry.high = undefined;
    entry.anew = undefined;
  }

  state(): JsonObject {
    const { values, cursorField, fingerprint } = this.options;
    const isFinished = this.isPlanned && this.open.size === 0;
    const result: JsonObject = { ...this.rest, [cursorField]: values.format(this.value(isFinished)) };
    if (isFinished || !this.plan) return result;
    const positions = [...this.open.values()].filter((entry) => entry.position !== undefined);
    if (positions.length || this.done.length)
      result[OWN_KEY] = keptState(values, this.plan, fingerprint, this.done, positions);
    return result;
  }

  private value(isFinished: boolean): V {
    const { values } = this.options;
    const first = mergeIntervals(values, [...this.known, ...this.done])[0]!;
    const high = first.high ?? first.start;
    // Before the plan is done the value names nothing beyond the covered stretch, whatever the API sent.
    return !isFinished && values.compare(high, first.end) > 0 ? first.end : high;
  }
}

function readInterval<V>(values: RangeValues<V>, slice: JsonObject): Interval<V> {
  const high = slice.most_recent_cursor_value;
  return {
    start: values.parse(slice.start as Json),
    end: values.parse(slice.end as Json),
    ...(high === undefined || high === null ? {} : { high: values.parse(high) }),
  };
}
