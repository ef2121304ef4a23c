import type { JsonObject, LogLevel, StreamDescriptor, StreamStatus } from '@tidemark/protocol';
import type { ConnectorError } from './error.js';
import type { RecordLines } from './record-lines.js';
import type { RecordData, StreamEstimate } from './stream.js';
import type { Unit } from './unit.js';

/**
 * Where a read goes: standard output, a destination, a test. Pages of one stream arrive in order, one at a time; pages of
 * different streams may arrive beside each other.
 */
export interface Sink {
  /**
   * The records of one page. `state()` says, now or at any later moment, the state that covers exactly the pages of this
   * stream that were handed to the sink so far; a sink that calls it later must hold all those pages. It is absent where
   * no state can cover the page yet (`Page.more`): nothing may be committed between such a page and the next with a state.
   * A returned promise that is not yet settled stops this stream's readers (back-pressure). `extractedAt` is absent where the
   * records were taken just now.
   */
  page(
    stream: StreamDescriptor,
    unit: Unit,
    records: RecordData[],
    state?: () => JsonObject,
    extractedAt?: RecordTimes,
  ): void | Promise<void>;
  /** Like `page`, for records that the source has as text. Absent where a sink wants records. */
  lines?(stream: StreamDescriptor, unit: Unit, lines: RecordLines, state?: () => JsonObject): void | Promise<void>;
  /**
   * Pages of streams that one state covers together (`Connection.together`): calls come one at a time over all of them, and
   * `page` is not called for such a stream. `state` as in `page`: it covers what was sent so far of the units that have a page
   * in this call, which may be empty. Absent where a sink takes no such streams.
   */
  pagesTogether?(pages: readonly StreamPage[], state?: () => GlobalState): void | Promise<void>;
  /**
   * The shared part of the last state of `pagesTogether` that is stored, durably and with all that it covers; undefined while
   * there is none. What it has behind it may be forgotten. Absent where a sink does not know what is stored.
   */
  storedTogether?(): JsonObject | undefined;
  /** The last true state of the streams that go on together, and how each of them ended. */
  finalTogether?(state: GlobalState, outcomes: ReadonlyMap<string, StreamOutcome>): void | Promise<void>;
  /** The last true state of the stream: at its end, when it failed, when the run was stopped. */
  finalState(stream: StreamDescriptor, state: JsonObject, outcome: StreamOutcome): void | Promise<void>;
  /** The unit begins anew: every record that was sent of it, in this run or an earlier one of the same job, comes again. */
  restart(stream: StreamDescriptor, unit: Unit, reason: string): void | Promise<void>;
  /** About how much the whole stream has, where the source knows: a later word replaces an earlier one. Absent where nobody looks. */
  estimate?(stream: StreamDescriptor, estimate: StreamEstimate): void | Promise<void>;
  /** How many lines of a program were no messages so far, and where they are kept; told with each. Absent where nobody counts. */
  unparsable?(lines: number, file: string | undefined): void;
  status(stream: StreamDescriptor, status: StreamStatus): void | Promise<void>;
  /** `stream`: which one it has ended; `error.stream` is its name alone, for people. Absent: it is of no single one. */
  error(error: ConnectorError, stream?: StreamDescriptor): void | Promise<void>;
  log(level: LogLevel, message: string): void;
}

/**
 * When the records of a page were taken from where they are, in milliseconds since the epoch: one time for all of them, or one
 * for each.
 */
export type RecordTimes = number | Float64Array;

/** The records of one page of one stream, where pages of several streams travel together. */
export interface StreamPage {
  stream: StreamDescriptor;
  unit: Unit;
  records: RecordData[];
  /** Absent: just now. */
  extractedAt?: RecordTimes;
}

/** The state of streams that go on together because one log feeds them: what the protocol calls GLOBAL. */
export interface GlobalState {
  shared: JsonObject;
  streams: { stream: StreamDescriptor; state: JsonObject }[];
}

/** How the reading of a stream ended: `stopped` by a signal or limit, with everything sent so far covered by the state. */
export type StreamOutcome = 'complete' | 'failed' | 'stopped';
