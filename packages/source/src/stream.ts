import type { Json, JsonObject, StreamDescription, SyncMode } from '@tidemark/protocol';
import type { StreamCursor } from './cursor.js';
import type { RecordLines } from './record-lines.js';
import type { Unit } from './unit.js';

/** A record as it travels: the API's object after filter and transformations. */
export type RecordData = Record<string, Json | undefined>;

/**
 * What travels from room to room: the records of one page, and where to go on after it.
 * `next` is the page token (cursor, offset, page number, key …) that the following page is asked with; absent when this
 * page was the last of its unit. `more` says that records follow although no position can be named yet (a long response
 * that is streamed in pieces): no checkpoint is possible after such a page.
 */
export interface Page {
  records: RecordData[];
  next?: Json;
  more?: boolean;
  /** The same records as text, for sinks that write text; `records` is then made when it is asked for. */
  lines?: RecordLines;
}

/** What a reader is given for one unit. */
export interface ReadOptions {
  /** Ends the reading between pages and aborts the request in hand. */
  signal: AbortSignal;
  /** Called when the page token that the unit was resumed with is refused and the unit begins anew. */
  onRestart?: (reason: string) => void;
  /**
   * Gives the reader's place to others while it waits for something long (a job of the API). Nothing that others wait for may
   * be held when `wait` has ended: a place must be found again first.
   */
  idle?: <T>(wait: () => Promise<T>) => Promise<T>;
}

/**
 * About how much there is of a stream, all of it, whatever was read of it before: rows, and bytes as they lie with whoever has
 * them. From what is known without counting, so it may be far off: it is for people to look at, and decides nothing.
 */
export interface StreamEstimate {
  rows?: number;
  bytes?: number;
}

/** One stream, opened for one read from one state. */
export interface OpenStream {
  /** Plans the units and keeps the state. */
  readonly cursor: StreamCursor;
  /** The pages of one unit in order, beginning at `unit.position` where that is set. */
  read(unit: Unit, options: ReadOptions): AsyncIterable<Page>;
  /** Absent or undefined where nothing is known, or where only changes are to be read. Must not throw. */
  estimate?(): StreamEstimate | undefined | Promise<StreamEstimate | undefined>;
}

/** A stream of a source: described without I/O where its schema is static. */
export interface Stream {
  readonly name: string;
  readonly namespace?: string;
  describe(): Promise<StreamDescription> | StreamDescription;
  /** `state` is what this stream emitted last, or nothing. No I/O happens before the cursor plans. */
  open(state: JsonObject | undefined, run?: StreamRunFacts): Promise<OpenStream> | OpenStream;
}

/** What the catalog says about this read of a stream. */
export interface StreamRunFacts {
  /** Whether the stream is read whole or goes on where the last sync ended. */
  syncMode?: SyncMode;
  /** The platform's count of full refreshes: a position of another generation is never gone on from. */
  generation?: number;
  /** The cursor field that the user chose, where the stream allows it. */
  cursorField?: string;
  /** The schema as the catalog has it: with the fields that the user wants. */
  schema?: JsonObject;
  /** What was sent at the last cursor value must not be sent again: nobody behind the stream would notice. */
  remembersBoundary?: boolean;
}
