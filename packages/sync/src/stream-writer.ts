import type { JsonObject } from '@tidemark/protocol';
import {
  ConnectorError,
  type RecordData,
  type RecordTimes,
  type StreamOutcome,
  type Unit,
  WHOLE_STREAM,
} from '@tidemark/source';
import { type CheckpointPolicy, SECONDS_MAX } from './checkpoint.js';
import type { StreamPlan, StreamState, Tally, Writer } from './destination.js';
import { PageBuffer } from './page-buffer.js';
import { largeRecordsCome } from './release-memory.js';
import { estimateBytes } from './size.js';
import { DroppedRecords, hashesOf } from './tally.js';
import { isWhole } from './whole-stream.js';

/** A full batch of so few rows has large ones. */
const LARGE_ROWS = 8;

/** What a writer counts of one stream. */
export interface WriterCounts {
  records: number;
  pages: number;
  bytes: number;
  committed: number;
  checkpoints: number;
  changed: number;
  /** The state that was committed last. */
  state?: JsonObject;
}

/** What a writer is given. */
export interface StreamWriterSettings {
  policy: CheckpointPolicy;
  clock: () => number;
  /** Opens the destination's writer, when there is something to write. */
  open: () => Promise<Writer>;
  onCommit: (stream: string, rows: number) => void;
  /** The destination has failed: whatever was not committed is lost to this attempt. */
  onFailure: (error: unknown) => void;
  warn: (message: string) => void;
}

/** The states that cover everything that was handed over so far, by stream key. */
export interface Covering {
  states: ReadonlyMap<string, JsonObject>;
  shared?: JsonObject;
}

/** A page on its way in. */
export interface IncomingPage {
  stream: string;
  unit: Unit;
  records: RecordData[];
  /** Absent: now. */
  extractedAt?: RecordTimes;
}

interface Lane {
  plan: StreamPlan;
  buffer: PageBuffer;
  counts: WriterCounts;
  restarts: string[];
}

/**
 * Takes in the pages of one stream, or of several that one state covers together, and commits them with that state. Calls
 * come one after the other or not at all from the read loop; the clock's `tick` may come between them, so everything that
 * touches the destination queues.
 *
 * What is taken in at once (`pages`, `restart`) and what is done later (`drain`) meet in one rule: when the state is
 * asked for, everything that the source's cursor has been told of is in a buffer, the transaction, or held back.
 */
export class StreamWriter {
  /** Of the states that were committed last: what they have in common. */
  storedShared: JsonObject | undefined;
  private readonly lanes: ReadonlyMap<string, Lane>;
  /** Since the last commit. */
  private openBytes = 0;
  private dirty = false;
  private lastCommit: number;
  private warned = false;
  private covering: (() => Covering) | undefined;
  private queue: Promise<void> = Promise.resolve();
  private ended = false;
  private closed = false;
  private writer: Writer | undefined;
  private failure: unknown;

  constructor(
    readonly plans: readonly StreamPlan[],
    private readonly settings: StreamWriterSettings,
  ) {
    this.lastCommit = settings.clock();
    const counts = () => ({ records: 0, pages: 0, bytes: 0, committed: 0, checkpoints: 0, changed: 0 });
    const lane = (plan: StreamPlan): Lane => ({
      plan,
      buffer: new PageBuffer(plan.key),
      counts: counts(),
      restarts: [],
    });
    this.lanes = new Map(plans.map((plan) => [plan.key, lane(plan)]));
  }

  countsOf(stream: string): WriterCounts {
    return this.lane(stream).counts;
  }

  /** See `Sink.page` and `Sink.pagesTogether`. Waits only when the destination has enough to do. */
  pages(pages: readonly IncomingPage[], covering?: () => Covering): void | Promise<void> {
    if (this.closed) throw new Error('a page came after the end');
    try {
      this.takeIn(pages, covering !== undefined);
    } catch (error) {
      // The source's cursor has been told of these pages: no state can be asked for any more that would not cover them.
      this.failure ??= error;
      throw error;
    }
    if (covering) this.covering = covering;
    this.dirty = true;
    if (this.isFull || this.isDue) return this.enqueue((writer) => this.drain(writer, this.isDue));
  }

  private takeIn(pages: readonly IncomingPage[], isCovered: boolean): void {
    const now = this.settings.clock();
    for (const { stream, unit, records, extractedAt = now } of pages) {
      const { buffer, counts } = this.lane(stream);
      const bytes = buffer.add({ unit: unit.id, records, extractedAt, hashes: hashesOf(records) }, isCovered);
      counts.pages++;
      counts.records += records.length;
      counts.bytes += bytes;
    }
  }

  /** See `Sink.restart`. The rows are deleted before anything else is written or committed. */
  restart(stream: string, unit: Unit): Promise<void> {
    const { plan, buffer, restarts } = this.lane(stream);
    // What was sent stays true as history.
    if (unit.id === WHOLE_STREAM && !isWhole(plan, unit.id)) return Promise.resolve();
    buffer.restart(unit.id);
    restarts.push(unit.id);
    this.dirty = true;
    return this.enqueue((writer) => this.applyRestarts(writer));
  }

  /** The clock goes on although no page comes: what has waited long enough is committed. */
  tick(): Promise<void> | undefined {
    if (this.ended || this.failure !== undefined || !this.isDue) return undefined;
    if (!this.covering || this.isPinned) {
      this.warnOfLateness();
      return undefined;
    }
    return this.enqueue((writer) => this.drain(writer, this.isDue));
  }

  /** The source does not answer any more: what it handed over and a state covers is committed. */
  settle(): Promise<void> {
    if (this.ended || !this.dirty || !this.covering || this.isPinned) return Promise.resolve();
    return this.enqueue((writer) => this.drain(writer, true));
  }

  /** See `Sink.finalState` and `Sink.finalTogether`. What the states do not cover is forgotten. */
  finish(covering: Covering, outcomes: ReadonlyMap<string, StreamOutcome>): Promise<void> {
    return this.enqueue(async (writer) => {
      this.ended = true;
      for (const [stream, outcome] of outcomes) if (outcome === 'complete') this.lane(stream).buffer.releaseAll();
      const pinned = this.isPinned;
      for (const { buffer } of this.lanes.values()) buffer.dropHeld();
      if (pinned) {
        // Rows that the state does not cover are in the transaction: the last commit is the truth.
        await writer.rollback();
        return;
      }
      const complete = [...outcomes].filter(([, outcome]) => outcome === 'complete').map(([stream]) => stream);
      if (complete.length === 0 && !this.dirty) return;
      const due = await this.write(writer);
      this.check(due);
      const only = complete.length === 1 && this.lanes.size === 1;
      if (only) await writer.finish(this.statesOf(covering)[0]!, covering.shared);
      else await this.finishSeveral(writer, covering, complete);
      this.committed(covering, due);
    });
  }

  /** Nothing more is going to be written; what is not committed is forgotten. Never throws. */
  async close(): Promise<void> {
    this.ended = true;
    this.closed = true;
    await this.queue;
    await this.writer?.close();
    this.writer = undefined;
  }

  /** All rows of streams that go on together are covered by all their states at once; then each may be complete. */
  private async finishSeveral(writer: Writer, covering: Covering, complete: readonly string[]): Promise<void> {
    await writer.commit(this.statesOf(covering), covering.shared);
    for (const state of this.statesOf(covering)) {
      if (complete.includes(state.stream)) await writer.finish({ ...state, rows: 0 }, covering.shared);
    }
  }

  private lane(stream: string): Lane {
    const lane = this.lanes.get(stream);
    if (!lane) throw new Error(`the writer was not made for stream ${stream}`);
    return lane;
  }

  private get isFull(): boolean {
    for (const { buffer } of this.lanes.values()) if (buffer.isFull) return true;
    return false;
  }

  private get isPinned(): boolean {
    for (const { buffer } of this.lanes.values()) if (buffer.isPinned) return true;
    return false;
  }

  private get isDue(): boolean {
    if (this.writer?.wantsCommit) return true;
    if (!this.dirty) return false;
    let rows = 0;
    let size = this.openBytes;
    for (const { buffer } of this.lanes.values()) {
      rows += buffer.openRows + buffer.rows;
      size += buffer.bytes;
    }
    const { policy } = this.settings;
    if (rows >= policy.rows || size >= policy.bytes) return true;
    const waited = this.waited();
    // A clock that was set back says nothing: what waits is committed rather than held for hours.
    return waited >= policy.seconds || waited < 0;
  }

  /** Seconds since the last commit; below 0 when the clock was set back. */
  private waited(): number {
    return (this.settings.clock() - this.lastCommit) / 1_000;
  }

  private warnOfLateness(): void {
    if (this.warned || this.waited() < SECONDS_MAX) return;
    this.warned = true;
    const names = this.plans.map(({ stream }) => stream.name).join(', ');
    this.settings.warn(
      `Stream ${names}: no checkpoint for ${SECONDS_MAX / 60} minutes, because the source names no position to go on from. It comes with the end of the response in hand.`,
    );
  }

  /** One step after the other. After a failure there are none: a state must not be stored without its rows. */
  private enqueue(step: (writer: Writer) => Promise<void>): Promise<void> {
    const done = this.queue.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      if (this.closed) throw new Error('a step came after the end');
      try {
        this.writer ??= await this.settings.open();
        await step(this.writer);
      } catch (error) {
        this.failure = error;
        if (!isOfStream(error, this.ended)) this.settings.onFailure(error);
        throw error;
      }
    });
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** `commit`: a checkpoint is wanted; it comes if a state covers what is in the transaction. */
  private async drain(writer: Writer, commit: boolean): Promise<void> {
    if (this.ended) return;
    if (!commit || !this.covering || this.isPinned) {
      if (this.isFull) await this.write(writer);
      if (!writer.wantsCommit || !this.covering || this.isPinned) return;
    }
    // The states and the buffers are taken in one step, before anything else can be told to the cursor.
    const covering = this.covering();
    this.dirty = false;
    const due = await this.write(writer);
    this.check(due);
    await writer.commit(this.statesOf(covering), covering.shared);
    this.committed(covering, due);
  }

  private async applyRestarts(writer: Writer): Promise<void> {
    for (const [stream, lane] of this.lanes) {
      const units = lane.restarts;
      lane.restarts = [];
      for (const unit of units) lane.buffer.openRows -= await writer.restart(stream, unit);
    }
  }

  /**
   * The buffers are taken in the same step as the call: pages that come while they are written are the next batch's. Returns
   * what the source has handed over of each stream for the open transaction.
   */
  private async write(writer: Writer): Promise<Map<string, Tally>> {
    const due = new Map<string, Tally>();
    const taken = [...this.lanes].map(([stream, lane]) => {
      this.openBytes += lane.buffer.bytes;
      const batches = lane.buffer.takeBatches();
      due.set(stream, lane.buffer.due());
      return { stream, lane, batches };
    });
    await this.applyRestarts(writer);
    for (const { stream, lane, batches } of taken) {
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        if (batch.rows <= LARGE_ROWS) largeRecordsCome(estimateBytes(batch.pages.flatMap((page) => page.records)));
        const { changed, tally } = await writer.write(stream, batch);
        lane.buffer.hasArrived(tally);
        lane.counts.changed += changed;
      }
    }
    return due;
  }

  private check(due: ReadonlyMap<string, Tally>): void {
    for (const [stream, { buffer }] of this.lanes) buffer.check(due.get(stream)!);
  }

  private statesOf({ states }: Covering): StreamState[] {
    return [...this.lanes].map(([stream, { plan, buffer, counts }]) => ({
      stream,
      state: states.get(stream) ?? counts.state ?? plan.state ?? {},
      rows: buffer.openRows,
    }));
  }

  private committed(covering: Covering, due: ReadonlyMap<string, Tally>): void {
    this.openBytes = 0;
    this.lastCommit = this.settings.clock();
    this.warned = false;
    this.storedShared = covering.shared;
    const states = this.statesOf(covering);
    for (const { stream, state } of states) {
      const { buffer, counts } = this.lane(stream);
      const rows = buffer.committed(due.get(stream)!);
      counts.committed += rows;
      counts.checkpoints++;
      counts.state = state;
      this.settings.onCommit(stream, rows);
    }
  }
}

/** Rows that were dropped, and a table that must not be emptied, are the stream's trouble: the destination goes on. */
function isOfStream(error: unknown, ended: boolean): boolean {
  if (error instanceof DroppedRecords) return true;
  return ended && error instanceof ConnectorError && error.kind === 'config';
}
