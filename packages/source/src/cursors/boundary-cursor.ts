import { canonical, type Json, type JsonObject, parseJson } from '@tidemark/protocol';
import type { StreamCursor } from '../cursor.js';
import type { Page, RecordData } from '../stream.js';
import type { Unit } from '../unit.js';
import {
  BOUNDARY_ROWS_MAX,
  type BoundaryRows,
  type CompareValues,
  countsOf,
  hashesOf,
  hashOf,
  higher,
  readRows,
  sizeOf,
  writeRows,
} from './boundary-rows.js';
import { OWN_KEY, ownPart } from './state-keys.js';

/** What a boundary cursor is made for. */
export interface BoundaryCursorOptions {
  /** The last state of the stream. */
  readonly state: JsonObject | undefined;
  readonly cursorField: string;
  /** Where the state has the cursor value: one for the stream, one for each partition, or one for all partitions. */
  readonly scope: 'stream' | 'partition' | 'global';
  /** Orders values in the form of the state. */
  readonly compare: CompareValues;
  /** The highest cursor value of some records in the form of the state; undefined when none has one. */
  highest(records: readonly RecordData[]): Json | undefined;
  /** Whether a record's cursor value, in the form of the state, is this one. */
  at(value: Json): (record: RecordData) => boolean;
  warn(message: string): void;
}

/** What was seen of a unit. */
interface Seen {
  top: BoundaryRows | undefined;
  /** Known rows that came again, and how often. */
  readonly again: Map<string, number>;
}

/** A unit in work: what a state covers of it, and the pages since, which none can cover yet. */
interface Work {
  readonly key: string;
  settled: Seen;
  pending: Seen;
}

/** The key in our part of a state. */
const BOUNDARY = 'boundary';

/**
 * Around the cursor of an incremental stream whose rows are only ever appended: the API is asked for everything from the last
 * value on, so it gives the rows at that very value again in each job, and they must not be sent again. The rows at the
 * highest value are remembered by their hashes; in the next job a row at that value whose hash is known is left out, in each
 * slice as often as it was seen before and no more. A row that has changed has another hash and goes out, rows at lower
 * values (inside of a look-back window) do, too.
 *
 * The state is that of the cursor inside with `boundary` in our own part: `{ groups: [{ partition?, value, rows }] }` of
 * finished jobs, and while one is under way also `now`, the like of what is done of it, and `open`, what was seen of
 * units that are resumed: `[{ unit, partition?, value?, rows?, again? }]`.
 */
export function boundaryCursor(cursor: StreamCursor, options: BoundaryCursorOptions): StreamCursor {
  return new BoundaryCursor(cursor, options);
}

class BoundaryCursor implements StreamCursor {
  readonly plan: StreamCursor['plan'];
  /** What earlier jobs ended with, by partition; the one key is '' unless each partition has a value of its own. */
  private readonly before: Map<string, BoundaryRows>;
  private readonly now: Map<string, BoundaryRows>;
  /** How many rows `now` has. */
  private size = 0;
  private readonly work = new Map<string, Work>();

  constructor(
    private readonly cursor: StreamCursor,
    private readonly options: BoundaryCursorOptions,
  ) {
    this.plan = (signal) => cursor.plan(signal);
    const own = ownPart(options.state);
    const kept = objectOf(own[BOUNDARY]);
    const isUnderWay = kept.now !== undefined || kept.open !== undefined;
    this.before = this.readGroups(kept.groups);
    if (!isUnderWay) this.believeOnly(this.before);
    this.now = this.readGroups(kept.now);
    for (const group of this.now.values()) this.size += sizeOf(group);
    for (const raw of listOf(kept.open)) {
      const { unit, partition, again } = objectOf(raw);
      const key = this.keyOf(partition);
      if (typeof unit !== 'string' || key === undefined) continue;
      this.work.set(unit, { key, settled: { top: readRows(raw), again: countsOf(again) }, pending: nothing() });
    }
  }

  fresh(unit: Unit, page: Page): RecordData[] {
    const { records } = page;
    const high = this.options.highest(records);
    if (high === undefined) return records;
    const work = this.workOf(unit);
    const partition = canonical(unit.partition);
    const isFresh = this.sift(work, partition, records, high);
    this.observe(work, partition, records, high);
    return isFresh ? records.filter((_, index) => isFresh[index]) : records;
  }

  /** Which records go out; undefined: all of them. */
  private sift(
    { key, settled, pending }: Work,
    partition: string,
    records: readonly RecordData[],
    high: Json,
  ): boolean[] | undefined {
    const before = this.before.get(key);
    if (!before?.rows?.size || this.options.compare(high, before.value) < 0) return undefined;
    const isAt = this.options.at(before.value);
    return records.map((record) => {
      if (!isAt(record)) return true;
      const hash = hashOf(partition, record);
      const again = pending.again.get(hash) ?? 0;
      if ((settled.again.get(hash) ?? 0) + again >= (before.rows!.get(hash) ?? 0)) return true;
      pending.again.set(hash, again + 1);
      return false;
    });
  }

  private observe(work: Work, partition: string, records: readonly RecordData[], high: Json): void {
    const { compare } = this.options;
    const isBelow = (top: BoundaryRows | undefined): boolean => top !== undefined && compare(high, top.value) < 0;
    if (isBelow(work.settled.top) || isBelow(work.pending.top)) return;
    const isAt = this.options.at(high);
    const rows = new Map<string, number>();
    for (const record of records) {
      if (!isAt(record)) continue;
      const hash = hashOf(partition, record);
      rows.set(hash, (rows.get(hash) ?? 0) + 1);
    }
    work.pending.top = higher(work.pending.top, { value: high, rows }, compare, 'sum');
  }

  page(unit: Unit, page: Page): void {
    this.cursor.page(unit, page);
    const work = this.work.get(unit.id);
    if (work && !page.more) this.settle(work);
  }

  private settle(work: Work): void {
    work.settled.top = higher(work.settled.top, work.pending.top, this.options.compare, 'sum');
    for (const [hash, count] of work.pending.again)
      work.settled.again.set(hash, (work.settled.again.get(hash) ?? 0) + count);
    work.pending = nothing();
  }

  close(unit: Unit): void {
    this.cursor.close(unit);
    const work = this.work.get(unit.id);
    if (!work) return;
    this.settle(work);
    this.work.delete(unit.id);
    const known = this.now.get(work.key);
    const top = higher(known, work.settled.top, this.options.compare, 'most');
    if (!top) return;
    const others = this.size - (known ? sizeOf(known) : 0);
    const fits = others + sizeOf(top) <= BOUNDARY_ROWS_MAX;
    this.now.set(work.key, fits ? top : { value: top.value, rows: undefined });
    this.size = fits ? others + sizeOf(top) : others;
  }

  restart(unit: Unit): void {
    this.cursor.restart(unit);
    this.work.delete(unit.id);
  }

  finish(): void {
    this.cursor.finish();
    const { tooMany } = this.ended();
    if (tooMany === 0) return;
    const { scope, cursorField, warn } = this.options;
    const where = scope === 'partition' ? ` in ${tooMany} partitions` : '';
    warn(
      `More than ${BOUNDARY_ROWS_MAX} rows have the last value of '${cursorField}'${where}: they are not remembered, and come again in the next sync if the API gives them again.`,
    );
  }

  state(): JsonObject {
    const state = this.cursor.state();
    // The cursor inside keeps something of its own as long as there is a plan to go on with.
    const boundary = state[OWN_KEY] === undefined ? this.finishedState() : this.openState();
    return boundary ? { ...state, [OWN_KEY]: { v: 1, ...ownPart(state), [BOUNDARY]: boundary } } : state;
  }

  private finishedState(): JsonObject | undefined {
    const { groups } = this.ended();
    return groups.size ? { groups: this.writeGroups(groups) } : undefined;
  }

  private openState(): JsonObject {
    const open = [...this.work].map(([unit, { key, settled }]) => ({
      unit,
      ...this.partitionOf(key),
      ...(settled.top ? writeRows(settled.top) : {}),
      ...(settled.again.size ? { again: hashesOf(settled.again) } : {}),
    }));
    return { groups: this.writeGroups(this.before), now: this.writeGroups(this.now), open };
  }

  /**
   * What the next job is to know. Where this one has come as far as the one before, what came now counts, so that a row that
   * changes back at the same value goes out; where nothing came at that value, what was known stays.
   */
  private ended(): { groups: Map<string, BoundaryRows>; tooMany: number } {
    const groups = new Map<string, BoundaryRows>();
    let tooMany = 0;
    let size = 0;
    for (const key of new Set([...this.now.keys(), ...this.before.keys()])) {
      const [now, before] = [this.now.get(key), this.before.get(key)];
      const last =
        now && before ? (this.options.compare(now.value, before.value) >= 0 ? now : before) : (now ?? before)!;
      const rows = sizeOf(last);
      if (!last.rows || size + rows > BOUNDARY_ROWS_MAX) {
        tooMany++;
        continue;
      }
      size += rows;
      groups.set(key, last);
    }
    return { groups, tooMany };
  }

  private workOf(unit: Unit): Work {
    let work = this.work.get(unit.id);
    if (!work) {
      work = { key: this.keyOf(unit.partition)!, settled: nothing(), pending: nothing() };
      this.work.set(unit.id, work);
    }
    return work;
  }

  /** Undefined for what is none: a group of another scope. */
  private keyOf(partition: Json | undefined): string | undefined {
    if (this.options.scope !== 'partition') return '';
    return partition === undefined ? undefined : canonical(partition);
  }

  private partitionOf(key: string): { partition?: Json } {
    return this.options.scope === 'partition' ? { partition: parseJson(key) } : {};
  }

  private readGroups(raw: Json | undefined): Map<string, BoundaryRows> {
    const groups = new Map<string, BoundaryRows>();
    for (const entry of listOf(raw)) {
      const { partition } = objectOf(entry);
      // A group of one partition says nothing of all of them.
      const key = this.options.scope !== 'partition' && partition !== undefined ? undefined : this.keyOf(partition);
      const group = readRows(entry);
      if (key !== undefined && group) groups.set(key, group);
    }
    return groups;
  }

  private writeGroups(groups: ReadonlyMap<string, BoundaryRows>): JsonObject[] {
    return [...groups].map(([key, group]) => ({ ...this.partitionOf(key), ...writeRows(group) }));
  }

  /** Whoever sets the value of a state back wants those rows again: groups at another value than the state's go. */
  private believeOnly(groups: Map<string, BoundaryRows>): void {
    const { state, scope, cursorField } = this.options;
    const held = new Map<string, JsonObject>();
    if (scope === 'stream') held.set('', state ?? {});
    if (scope === 'global') held.set('', state?.state === undefined ? (state ?? {}) : objectOf(state.state));
    if (scope === 'partition')
      for (const entry of listOf(state?.states))
        held.set(canonical(objectOf(entry).partition), objectOf(objectOf(entry).cursor));
    for (const [key, { value }] of groups)
      if (canonical(held.get(key)?.[cursorField]) !== canonical(value)) groups.delete(key);
  }
}

function nothing(): Seen {
  return { top: undefined, again: new Map() };
}

function objectOf(raw: Json | undefined): JsonObject {
  return raw !== null && typeof raw === 'object' && !Array.isArray(raw) ? (raw as JsonObject) : {};
}

function listOf(raw: Json | undefined): Json[] {
  return Array.isArray(raw) ? raw : [];
}
