import type { JsonObject, LogLevel, StreamDescriptor, StreamStatus } from '@tidemark/protocol';
import type { ConnectorError } from './error.js';
import type { RecordData } from './stream.js';
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
   * A returned promise that is not yet settled stops this stream's readers (back-pressure).
   */
  page(stream: StreamDescriptor, unit: Unit, records: RecordData[], state?: () => JsonObject): void | Promise<void>;
  /** The last true state of the stream: at its end, when it failed, when the run was stopped. */
  finalState(stream: StreamDescriptor, state: JsonObject, outcome: StreamOutcome): void | Promise<void>;
  /** The unit begins anew: every record that was sent of it, in this run or an earlier one of the same job, comes again. */
  restart(stream: StreamDescriptor, unit: Unit, reason: string): void | Promise<void>;
  status(stream: StreamDescriptor, status: StreamStatus): void | Promise<void>;
  error(error: ConnectorError): void | Promise<void>;
  log(level: LogLevel, message: string): void;
}

/** How the reading of a stream ended: `stopped` by a signal or limit, with everything sent so far covered by the state. */
export type StreamOutcome = 'complete' | 'failed' | 'stopped';
