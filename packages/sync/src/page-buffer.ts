import { type RecordData, WHOLE_STREAM } from '@tidemark/source';
import type { Batch, BatchPage, Tally } from './destination.js';
import { estimateBytes } from './size.js';
import { add, compareTallies, emptyTally, subtract, tallyOf } from './tally.js';

/** Rows go to the destination in batches of about this size: enough to fill its buffers, few enough to stay young. */
const BATCH_ROWS = 4_096;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Pages that no state covers yet are held back up to this size; beyond it they go into the open transaction. */
const HELD_BYTES = 16 * 1024 * 1024;
/** Only records of this size are worth measuring one by one. */
const LARGE_BYTES = 64 * 1024;

interface HeldPages {
  pages: BatchPage[];
  bytes: number;
  /** Its pages were too many to be held: they are in the open transaction, which cannot be committed until it closes. */
  pinned: boolean;
}

/**
 * One stream's pages between source and destination: those that can go on, those that no state covers yet, and the count of
 * what came in and what went out. Everything here happens in one step: nothing is awaited.
 */
export class PageBuffer {
  rows = 0;
  bytes = 0;
  /** Rows in the open transaction. */
  openRows = 0;
  private pages: BatchPage[] = [];
  private readonly held = new Map<string, HeldPages>();
  /** Since the last checkpoint: what the source handed over, what of it was taken back, what went on, what arrived. */
  private intake = emptyTally();
  private readonly back = emptyTally();
  private passed = emptyTally();
  private arrived = emptyTally();

  constructor(readonly stream: string) {}

  /** A page comes in; `covered`: a state covers it and all before it of its unit. Returns its estimated size. */
  add(page: BatchPage, covered: boolean): number {
    const bytes = estimateBytes(page.records);
    add(this.intake, tallyOf(page.hashes));
    if (covered) {
      this.release(page.unit);
      this.take(page);
      this.bytes += bytes;
    } else {
      this.hold(page, bytes);
    }
    return bytes;
  }

  /** Enough for a batch. */
  get isFull(): boolean {
    return this.rows >= BATCH_ROWS || this.bytes >= BATCH_BYTES;
  }

  /** Rows that no state covers yet are in the open transaction. */
  get isPinned(): boolean {
    for (const held of this.held.values()) if (held.pinned) return true;
    return false;
  }

  /** Forgets the unit's pages that have not gone on. */
  restart(unit: string): void {
    const isOf = (each: string): boolean => unit === WHOLE_STREAM || each === unit;
    const held = [...this.held].filter(([each]) => isOf(each));
    const gone = [...this.pages.filter((page) => isOf(page.unit)), ...held.flatMap(([, { pages }]) => pages)];
    for (const page of gone) add(this.back, tallyOf(page.hashes));
    this.pages = this.pages.filter((page) => !isOf(page.unit));
    this.rows = this.pages.reduce((sum, page) => sum + page.records.length, 0);
    for (const [each] of held) this.held.delete(each);
  }

  /** The stream is complete: what was held back is covered by its last state. */
  releaseAll(): void {
    for (const unit of [...this.held.keys()]) this.release(unit);
  }

  /** What no state covers is forgotten. */
  dropHeld(): void {
    for (const { pages } of this.held.values()) for (const page of pages) add(this.back, tallyOf(page.hashes));
    this.held.clear();
  }

  /** Takes what can go on out, in batches; each is counted when the destination has it. */
  takeBatches(): Batch[] {
    const batches = cut(this.pages);
    for (const page of this.pages) add(this.passed, tallyOf(page.hashes));
    this.openRows += this.rows;
    this.pages = [];
    this.rows = 0;
    this.bytes = 0;
    return batches;
  }

  /** What the source has handed over and neither taken back nor left uncovered: the buffer has just been emptied. */
  due(): Tally {
    const due = { ...this.intake };
    subtract(due, this.back);
    for (const { pages } of this.held.values()) for (const page of pages) subtract(due, tallyOf(page.hashes));
    return due;
  }

  /** The destination says what it has taken in. */
  hasArrived(tally: Tally): void {
    add(this.arrived, tally);
  }

  /** Throws DroppedRecords when what is `due` is not what went on, or not what arrived. */
  check(due: Tally): void {
    compareTallies(this.stream, due, this.passed, this.arrived);
  }

  /** The transaction that had what was `due` is committed. Returns how many rows it had. */
  committed(due: Tally): number {
    const rows = this.openRows;
    this.openRows = 0;
    subtract(this.intake, due);
    this.passed = emptyTally();
    this.arrived = emptyTally();
    return rows;
  }

  private take(page: BatchPage): void {
    if (page.records.length === 0) return;
    this.pages.push(page);
    this.rows += page.records.length;
  }

  private hold(page: BatchPage, bytes: number): void {
    const held = this.held.get(page.unit) ?? { pages: [], bytes: 0, pinned: false };
    this.held.set(page.unit, held);
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
    for (const page of held.pages) this.take(page);
    this.bytes += held.bytes;
    held.pages = [];
    held.bytes = 0;
  }
}

/** Batches of at most 8 MiB, or of one record that is larger: a page of large records does not go over as a whole. */
function cut(pages: readonly BatchPage[]): Batch[] {
  const batches: Batch[] = [];
  let batch: { pages: BatchPage[]; rows: number } = { pages: [], rows: 0 };
  let bytes = 0;
  const close = () => {
    if (batch.rows > 0) batches.push(batch);
    batch = { pages: [], rows: 0 };
    bytes = 0;
  };
  for (const page of pages) {
    for (const { piece, size } of pieces(page)) {
      if (bytes + size > BATCH_BYTES) close();
      batch.pages.push(piece);
      batch.rows += piece.records.length;
      bytes += size;
    }
  }
  close();
  return batches;
}

function* pieces(page: BatchPage): Iterable<{ piece: BatchPage; size: number }> {
  const { records } = page;
  const all = estimateBytes(records);
  if (records.length <= 1 || (all <= BATCH_BYTES && all / records.length < LARGE_BYTES)) {
    yield { piece: page, size: all };
    return;
  }
  const isLarge = all / records.length >= LARGE_BYTES;
  const step = isLarge ? 1 : Math.max(1, Math.floor((BATCH_BYTES * records.length) / all));
  for (let from = 0; from < records.length; from += step) {
    const some: RecordData[] = records.slice(from, from + step);
    const hashes = page.hashes.subarray(from, from + step);
    const { extractedAt: at } = page;
    const extractedAt = typeof at === 'number' ? at : at.subarray(from, from + step);
    yield {
      piece: { ...page, records: some, hashes, extractedAt },
      size: isLarge ? estimateBytes(some) : (all / records.length) * some.length,
    };
  }
}
