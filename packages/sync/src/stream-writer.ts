import type { JsonObject } from '@tidemark/protocol';
import type { RecordData, StreamOutcome, Unit } from '@tidemark/source';
import type { CheckpointPolicy } from './checkpoint.js';
import type { BatchPage, StreamPlan, Writer } from './destination.js';
import { estimateBytes } from './size.js';

/** Rows go to the destination in batches of about this size: enough to fill its buffers, few enough to stay young. */
const BATCH_ROWS = 4_096;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Pages that no state covers yet are held back up to this size; beyond it they go into the open transaction. */
const HELD_BYTES = 16 * 1024 * 1024;

/** What a stream's writer counts. */
export interface WriterCounts {
  records: number;
  pages: number;
  bytes: number;
  committed: number;
  checkpoints: number;
  changed: number;
}

/** What a stream's writer is given. */
export interface StreamWriterSettings {
  policy: CheckpointPolicy;
  clock: () => number;
  /** Opens the destination's writer, when there is something to write. */
  open: () => Promise<Writer>;
  onCommit: (rows: number) => void;
  /** The destination has failed: whatever was not committed is lost to this attempt. */
  onFailure: (error: unknown) => void;
}

interface HeldPages {
  pages: BatchPage[];
  bytes: number;
  /** Its pages were too many to be held: they are in the open transaction, which cannot be committed until it closes. */
  pinned: boolean;
}

/**
 * Takes one stream's pages in and commits them with the state that covers them. Calls come one after the other or not at
 * all from the read loop; the clock's `tick` may come between them, so everything that touches the destination queues.
 *
 * What is taken in at once (`page`, `restart`) and what is done later (`drain`) meet in one rule: when the state is
 * asked for, everything that the source's cursor has been told of is in the buffer, the transaction, or held back.
 */
export class StreamWriter {
  readonly counts: WriterCounts = { records: 0, pages: 0, bytes: 0, committed: 0, checkpoints: 0, changed: 0 };
  private buffer: BatchPage[] = [];
  private bufferRows = 0;
  private bufferBytes = 0;
  /** Since the last commit. */
  private openRows = 0;
  private openBytes = 0;
  private dirty = false;
  private lastCommit: number;
  private readonly held = new Map<string, HeldPages>();
  private restarts: string[] = [];
  private stateOf: (() => JsonObject) | undefined;
  private queue: Promise<void> = Promise.resolve();
  private ended = false;

  private writer: Writer | undefined;
  private failure: unknown;

  constructor(
    private readonly plan: StreamPlan,
    private readonly settings: StreamWriterSettings,
  ) {
    this.lastCommit = settings.clock();
  }

  /** See `Sink.page`. Waits only when the destination has enough to do. */
  page(unit: Unit, records: RecordData[], state?: () => JsonObject): void | Promise<void> {
    const page: BatchPage = { unit: unit.id, records, extractedAt: this.settings.clock() };
    const bytes = estimateBytes(records);
    this.counts.pages++;
    this.counts.records += records.length;
    this.counts.bytes += bytes;
    this.dirty = true;
    if (state) {
      this.release(unit.id);
      this.take(page, bytes);
      this.stateOf = state;
    } else {
      this.hold(unit.id, page, bytes);
    }
    if (this.full() || this.due()) return this.enqueue((writer) => this.drain(writer));
  }

  /** See `Sink.restart`. The rows are deleted before anything else is written or committed. */
  restart(unit: Unit): Promise<void> {
    const kept = this.buffer.filter((page) => page.unit !== unit.id);
    if (kept.length < this.buffer.length) {
      this.buffer = kept;
      this.bufferRows = kept.reduce((sum, page) => sum + page.records.length, 0);
    }
    this.held.delete(unit.id);
    this.restarts.push(unit.id);
    this.dirty = true;
    return this.enqueue((writer) => this.applyRestarts(writer));
  }

  /** The clock goes on although no page comes: what has waited long enough is committed. */
  tick(): Promise<void> | undefined {
    if (this.ended || !this.stateOf || !this.due()) return undefined;
    return this.enqueue((writer) => this.drain(writer));
  }

  /** See `Sink.finalState`. What the state does not cover is forgotten. */
  finish(state: JsonObject, outcome: StreamOutcome): Promise<void> {
    return this.enqueue(async (writer) => {
      this.ended = true;
      if (outcome === 'complete') for (const unit of [...this.held.keys()]) this.release(unit);
      const pinned = [...this.held.values()].some((held) => held.pinned);
      this.held.clear();
      if (pinned) {
        // Rows that the state does not cover are in the transaction: the last commit is the truth.
        await writer.rollback();
        return;
      }
      if (outcome !== 'complete' && !this.dirty) return;
      await this.write(writer);
      const rows = this.openRows;
      const stored = { stream: this.plan.key, state, rows };
      if (outcome === 'complete') await writer.finish(stored);
      else await writer.commit([stored]);
      this.committed(rows);
    });
  }

  /** Nothing more is going to be written; what is not committed is forgotten. Never throws. */
  async close(): Promise<void> {
    this.ended = true;
    await this.queue;
    await this.writer?.close();
    this.writer = undefined;
  }

  private take(page: BatchPage, bytes: number): void {
    if (page.records.length === 0) return;
    this.buffer.push(page);
    this.bufferRows += page.records.length;
    this.bufferBytes += bytes;
  }

  private hold(unit: string, page: BatchPage, bytes: number): void {
    const held = this.held.get(unit) ?? { pages: [], bytes: 0, pinned: false };
    this.held.set(unit, held);
    held.pages.push(page);
    held.bytes += bytes;
    let all = 0;
    for (const one of this.held.values()) all += one.bytes;
    if (all <= HELD_BYTES && !held.pinned) return;
    held.pinned = true;
    this.takeAll(held);
  }

  private release(unit: string): void {
    const held = this.held.get(unit);
    if (!held) return;
    this.takeAll(held);
    this.held.delete(unit);
  }

  private takeAll(held: HeldPages): void {
    for (const page of held.pages) this.take(page, 0);
    this.bufferBytes += held.bytes;
    held.pages = [];
    held.bytes = 0;
  }

  private full(): boolean {
    return this.bufferRows >= BATCH_ROWS || this.bufferBytes >= BATCH_BYTES;
  }

  private due(): boolean {
    if (this.writer?.wantsCommit) return true;
    if (!this.dirty) return false;
    const { rows, bytes, seconds } = this.settings.policy;
    if (this.openRows + this.bufferRows >= rows || this.openBytes + this.bufferBytes >= bytes) return true;
    return this.settings.clock() - this.lastCommit >= seconds * 1_000;
  }

  /** One step after the other. After a failure there are none: a state must not be stored without its rows. */
  private enqueue(step: (writer: Writer) => Promise<void>): Promise<void> {
    const done = this.queue.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      try {
        this.writer ??= await this.settings.open();
        await step(this.writer);
      } catch (error) {
        this.failure = error;
        this.settings.onFailure(error);
        throw error;
      }
    });
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async drain(writer: Writer): Promise<void> {
    const pinned = [...this.held.values()].some((held) => held.pinned);
    if (this.ended || !this.stateOf || pinned || !this.due()) {
      if (this.full()) await this.write(writer);
      return;
    }
    // The state and the buffer are taken in one step, before anything else can be told to the cursor.
    const state = this.stateOf();
    this.dirty = false;
    await this.write(writer);
    const rows = this.openRows;
    await writer.commit([{ stream: this.plan.key, state, rows }]);
    this.committed(rows);
  }

  private async applyRestarts(writer: Writer): Promise<void> {
    const units = this.restarts;
    this.restarts = [];
    for (const unit of units) this.openRows -= await writer.restart(this.plan.key, unit);
  }

  /** The buffer is taken in the same step as the call: pages that come while it is written are the next batch's. */
  private async write(writer: Writer): Promise<void> {
    const { buffer, bufferRows, bufferBytes } = this;
    this.buffer = [];
    this.bufferRows = 0;
    this.bufferBytes = 0;
    this.openRows += bufferRows;
    this.openBytes += bufferBytes;
    await this.applyRestarts(writer);
    if (bufferRows === 0) return;
    const { changed } = await writer.write(this.plan.key, { pages: buffer, rows: bufferRows });
    this.counts.changed += changed;
  }

  private committed(rows: number): void {
    this.openRows = 0;
    this.openBytes = 0;
    this.lastCommit = this.settings.clock();
    this.counts.committed += rows;
    this.counts.checkpoints++;
    this.settings.onCommit(rows);
  }
}
