import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, StreamCursor } from '../cursor.js';
import type { RecordData } from '../stream.js';
import { DonePartitions } from './done-partitions.js';
import { PartitionKeys } from './partition-keys.js';
import { type OpenPartition, type PlannedPartition, planUnits } from './partition-plan.js';
import { COMPLETE_KEY, isComplete, OWN_KEY, ownPart } from './state-keys.js';

/** Above this many partitions a stream keeps one cursor value for all of them. The reference has the same number. */
const PARTITIONS_MAX = 10_000;

/** What makes a partitioned stream incremental. */
export interface PartitionedIncremental {
  readonly cursorField: string;
  /** One value for all partitions from the beginning (`global_substream_cursor`). */
  readonly useGlobal: boolean;
  compare(a: unknown, b: unknown): number;
  /** The highest cursor value of some records in the form of the state; undefined when none has one. */
  highest(records: readonly RecordData[]): Json | undefined;
  /** A value of a state in the form that this stream writes; throws when it cannot be read. */
  normalize?(value: Json): Json;
}

/** How a stream is cut into partitions and what cursor each has. */
export interface PartitionedCursorOptions {
  state: JsonObject | undefined;
  partitions(parentState: JsonObject | undefined, signal: AbortSignal): AsyncIterable<PlannedPartition>;
  /** The parents' state that a state without one stands for. */
  parentStateOf?(state: JsonObject): JsonObject | undefined;
  /** The parents' state once every partition is done; undefined where none is kept. */
  parentState(): JsonObject | undefined;
  /** A cursor for a partition from its part of the state. */
  cursor(state: JsonObject | undefined, lookbackSeconds: number, partition: JsonObject): PartitionCursor;
  incremental?: PartitionedIncremental;
  generation?: number;
  /** Milliseconds since the epoch. */
  clock(): number;
  log(message: string): void;
}

/**
 * The partition layer: a `PartitionCursor` for each partition, the partitions that are done, the parents' state, and for
 * incremental streams the global value for partitions that the state does not know. Formats are the reference's; what an
 * unfinished run needs beside them is under our own key.
 */
export function partitionedCursor(options: PartitionedCursorOptions): StreamCursor {
  return options.incremental
    ? new IncrementalPartitions(options, options.incremental)
    : new FullRefreshPartitions(options);
}

const asObject = (value: Json | undefined): JsonObject | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;

/** The `states` of a state as pairs; entries of another shape are left out. */
function partitionStates(state: JsonObject | undefined): { partition: JsonObject; cursor: JsonObject }[] {
  const list = Array.isArray(state?.states) ? state.states : [];
  return list.flatMap((entry) => {
    const partition = asObject(asObject(entry)?.partition);
    const cursor = asObject(asObject(entry)?.cursor);
    return partition && cursor ? [{ partition, cursor }] : [];
  });
}

/** What both kinds of partitioned streams share: open partitions, units coming and going. */
abstract class Partitions implements StreamCursor {
  protected readonly open = new Map<string, OpenPartition>();
  protected finished = false;
  private readonly ofUnit = new Map<string, OpenPartition>();

  constructor(protected readonly options: PartitionedCursorOptions) {}

  abstract plan: StreamCursor['plan'];
  abstract state(): JsonObject;
  abstract finish(): void;
  protected abstract partitionDone(open: OpenPartition): void;
  protected observe(_records: RecordData[]): void {}

  protected track(key: string, planned: PlannedPartition, cursor: PartitionCursor): OpenPartition {
    const open = { key, partition: planned.partition, cursor, openUnits: 0, plannedAll: false };
    this.open.set(key, open);
    return open;
  }
  protected readonly unitPlanned = (id: string, open: OpenPartition): void => {
    this.ofUnit.set(id, open);
  };
  private find(unit: { id: string }): OpenPartition {
    return this.ofUnit.get(unit.id)!;
  }
  page: StreamCursor['page'] = (unit, page) => {
    const { cursor } = this.find(unit);
    cursor.observe(unit.slice, page.records);
    this.observe(page.records);
    if (!page.more) cursor.page(unit.slice, page.next);
  };
  close: StreamCursor['close'] = (unit) => {
    const open = this.find(unit);
    this.ofUnit.delete(unit.id);
    open.cursor.close(unit.slice);
    open.openUnits--;
    if (open.plannedAll && open.openUnits === 0) {
      this.open.delete(open.key);
      this.partitionDone(open);
    }
  };
  restart: StreamCursor['restart'] = (unit) => this.find(unit).cursor.restart(unit.slice);
}

class FullRefreshPartitions extends Partitions {
  private readonly done: DonePartitions;
  private readonly before: Map<string, { partition: JsonObject; cursor: JsonObject }>;
  private readonly wholeDone: boolean;

  constructor(options: PartitionedCursorOptions) {
    super(options);
    const own = ownPart(options.state);
    const other =
      options.generation !== undefined && typeof own.generation === 'number' && own.generation !== options.generation;
    const state = other ? undefined : options.state;
    const keys = new PartitionKeys();
    const states = partitionStates(state).map((entry) => ({ ...entry, key: keys.next(entry.partition).key }));
    this.wholeDone = isComplete(state);
    this.done = new DonePartitions({
      folded: other ? undefined : own.folded,
      done: states.filter((entry) => isComplete(entry.cursor)).map((entry) => entry.partition),
    });
    this.before = new Map(states.filter((entry) => !isComplete(entry.cursor)).map(({ key, ...entry }) => [key, entry]));
  }
  plan = async function* (this: FullRefreshPartitions, signal: AbortSignal) {
    if (this.wholeDone) return;
    yield* planUnits(this.options.partitions(undefined, signal), {
      done: this.done,
      distinct: false,
      unitPlanned: this.unitPlanned,
      seen: () => {},
      openPartition: (key, planned, anew) => {
        const entry = anew === undefined ? this.before.get(key) : undefined;
        this.before.delete(key);
        return this.track(key, planned, this.options.cursor(entry?.cursor, 0, planned.partition));
      },
      partitionDone: (open) => {
        this.open.delete(open.key);
        this.partitionDone(open);
      },
    });
  };
  protected partitionDone(open: OpenPartition): void {
    this.done.add(open.key, open.partition);
  }
  finish(): void {
    this.finished = true;
  }
  state(): JsonObject {
    const { generation } = this.options;
    const own: JsonObject = { v: 1, ...(generation === undefined ? {} : { generation }) };
    if (this.finished || this.wholeDone)
      return { [COMPLETE_KEY]: true, ...(generation === undefined ? {} : { [OWN_KEY]: own }) };
    const states: JsonObject[] = [];
    const done = this.done.state();
    for (const partition of (done?.done ?? []) as JsonObject[])
      states.push({ partition, cursor: { [COMPLETE_KEY]: true } });
    for (const open of this.open.values()) {
      const cursor = open.cursor.state();
      if (cursor) states.push({ partition: open.partition, cursor });
    }
    for (const entry of this.before.values()) states.push({ partition: entry.partition, cursor: entry.cursor });
    if (states.length === 0 && !done?.folded) return {};
    if (done?.folded) own.folded = done.folded;
    return { states, [OWN_KEY]: own };
  }
}

class IncrementalPartitions extends Partitions {
  private readonly states = new Map<string, { partition: JsonObject; cursor: JsonObject }>();
  private readonly done: DonePartitions;
  private readonly started: number;
  private useGlobal: boolean;
  private global: Json | undefined;
  private high: Json | undefined;
  private synced: boolean;
  private lookback: number;
  private parent: JsonObject | undefined;
  /** Partitions in the order of the plan with the parents' state that holds once they are done. */
  private readonly order = new Map<string, { parentState?: JsonObject; isDone: boolean }>();

  constructor(
    options: PartitionedCursorOptions,
    private readonly incremental: PartitionedIncremental,
  ) {
    super(options);
    const { state } = options;
    const own = ownPart(state);
    const field = incremental.cursorField;
    const inParts = state !== undefined && (state.states !== undefined || state.state !== undefined);
    // A state of neither form is one value for all partitions: what the stream had before it was partitioned.
    const global = inParts ? asObject(state?.state) : state;
    const known = global?.[field];
    this.global = known === undefined || known === null ? undefined : (incremental.normalize?.(known) ?? known);
    this.high = own.high ?? this.global;
    this.synced = own.high !== undefined;
    this.useGlobal = incremental.useGlobal || state?.use_global_cursor === true;
    this.lookback = typeof state?.lookback_window === 'number' ? state.lookback_window : 0;
    this.parent = asObject(state?.parent_state);
    this.started = typeof own.started === 'number' ? own.started : options.clock();
    for (const entry of partitionStates(state)) this.states.set(canonical(entry.partition), entry);
    for (const entry of partitionStates({ states: own.open ?? [] })) this.states.set(canonical(entry.partition), entry);
    this.done = new DonePartitions(own, this.useGlobal && this.parent === undefined);
  }
  plan = async function* (this: IncrementalPartitions, signal: AbortSignal) {
    const { state, parentStateOf } = this.options;
    const parent = this.parent ?? (state && parentStateOf?.(state));
    yield* planUnits(this.options.partitions(parent, signal), {
      done: this.done,
      distinct: true,
      unitPlanned: this.unitPlanned,
      seen: (key, planned, isDone) => {
        this.order.set(key, { parentState: planned.parentState, isDone });
        this.advanceParent();
      },
      openPartition: (key, planned) => this.openPartition(key, planned),
      partitionDone: (open) => {
        this.open.delete(open.key);
        this.partitionDone(open);
      },
    });
  };
  private openPartition(key: string, planned: PlannedPartition): OpenPartition {
    const known = this.states.get(key)?.cursor;
    const state = known ?? (this.global === undefined ? undefined : { [this.incremental.cursorField]: this.global });
    if (!this.useGlobal && !known && this.states.size + this.open.size > PARTITIONS_MAX) {
      this.useGlobal = true;
      this.options.log(`More than ${PARTITIONS_MAX} partitions: one cursor value is kept for all of them from now on.`);
    }
    return this.track(
      key,
      planned,
      this.options.cursor(state, known || this.global === undefined ? 0 : this.lookback, planned.partition),
    );
  }
  protected override observe(records: RecordData[]): void {
    this.raise(this.incremental.highest(records));
  }
  private raise(value: Json | undefined): void {
    if (value === undefined || value === null) return;
    this.synced = true;
    if (this.high === undefined || this.incremental.compare(this.high, value) < 0) this.high = value;
  }
  protected partitionDone(open: OpenPartition): void {
    const cursor = open.cursor.state();
    if (!this.useGlobal && cursor) {
      this.states.set(open.key, { partition: open.partition, cursor });
      const value = cursor[this.incremental.cursorField];
      if (
        value !== undefined &&
        value !== null &&
        (this.high === undefined || this.incremental.compare(this.high, value) < 0)
      )
        this.high = value;
    } else {
      this.states.delete(open.key);
    }
    this.done.add(open.key, open.partition);
    const entry = this.order.get(open.key);
    if (entry) entry.isDone = true;
    this.advanceParent();
  }
  private advanceParent(): void {
    for (const [key, entry] of this.order) {
      if (!entry.isDone) return;
      this.parent = entry.parentState ?? this.parent;
      this.order.delete(key);
    }
  }
  finish(): void {
    this.finished = true;
    if (this.synced) {
      this.global = this.high;
      this.lookback = Math.ceil((this.options.clock() - this.started) / 1000);
    }
    this.parent = this.options.parentState() ?? this.parent;
  }
  state(): JsonObject {
    const field = this.incremental.cursorField;
    const result: JsonObject = { use_global_cursor: this.useGlobal };
    const open = [...this.open.values()].flatMap(({ partition, cursor }) => {
      const state = cursor.state();
      return state ? [{ partition, cursor: state }] : [];
    });
    if (!this.useGlobal) {
      const openKeys = new Set([...this.open.keys()]);
      const closed = [...this.states].filter(([key]) => !openKeys.has(key)).map(([, entry]) => ({ ...entry }));
      result.states = [...closed, ...open];
    }
    if (this.global !== undefined) result.state = { [field]: this.global };
    result.lookback_window = this.lookback;
    if (this.parent !== undefined) result.parent_state = this.parent;
    if (!this.finished) {
      const done = this.done.state();
      const isBegun = done !== undefined || this.synced;
      if (isBegun) {
        const kept = this.useGlobal
          ? [...open, ...[...this.states.values()].filter((entry) => !this.open.has(canonical(entry.partition)))]
          : [];
        result[OWN_KEY] = {
          v: 1,
          started: this.started,
          ...(this.synced && this.high !== undefined ? { high: this.high } : {}),
          ...done,
          ...(kept.length ? { open: kept } : {}),
        };
      }
    }
    return result;
  }
}
