import type { JsonObject } from '@tidemark/protocol';
import type { Page, RecordData } from './stream.js';
import type { Position, Unit } from './unit.js';

/**
 * The way of going on of a whole stream. The read loop knows nothing else: it takes units from `plan`, has them read, and
 * tells the cursor of each page **in the order in which the pages' records are emitted**. `state` is a pure function of
 * what the cursor was told, so a state can never run ahead of its records.
 */
export interface StreamCursor {
  /** Units still to be read. May do I/O (a parent stream is read here). Consumed lazily, once. */
  plan(signal: AbortSignal): AsyncIterable<Unit>;
  /**
   * Which records of a page go out, where the rest is known to have gone out in an earlier job. Called once, right before
   * `page`, which is told of the whole page. Absent: all go out.
   */
  fresh?(unit: Unit, page: Page): RecordData[];
  /** The records of a page are emitted; reading the unit goes on at `page.next`. With `page.more` the position stays. */
  page(unit: Unit, page: Page): void;
  /** The unit ended well. Follows its last page before any state is asked for. */
  close(unit: Unit): void;
  /** The unit begins anew (its position was refused): forget its pages. */
  restart(unit: Unit): void;
  /** What would let a new run go on from here. */
  state(): JsonObject;
  /** Called once, when every unit has ended well, before the final `state()`. */
  finish(): void;
}

/**
 * The way of going on inside **one partition**: plans slices from that partition's state. Layers compose: a partition
 * layer holds one of these for each partition.
 */
export interface PartitionCursor {
  /** Slices still to be read, each with the position to begin at. Pure, no I/O. */
  slices(): Iterable<PlannedSlice>;
  observe(slice: JsonObject, records: RecordData[]): void;
  /** `next` absent: the slice has no further page, `close` follows. */
  page(slice: JsonObject, next: Position | undefined): void;
  close(slice: JsonObject): void;
  restart(slice: JsonObject): void;
  state(): JsonObject | undefined;
}

/** A slice to be read: where to begin, and why it begins anew although an earlier run had begun it. */
export interface PlannedSlice {
  slice: JsonObject;
  position?: Position;
  anew?: string;
}
