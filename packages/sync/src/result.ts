import type { StreamDescriptor } from '@tidemark/protocol';
import type { ConnectorError } from '@tidemark/source';
import type { JobOutcome } from './destination.js';
import type { StreamProgress } from './progress.js';

/** How a stream ended. */
export interface StreamResult extends StreamProgress {
  status: 'waiting' | 'complete' | 'failed' | 'stopped' | 'reading';
  /** Completed by an earlier attempt of the same job and not read again. */
  earlier: boolean;
  /** Values that did not fit their column: null there, kept in `_airbyte_meta.changes`. */
  changed: number;
  error?: ConnectorError;
}

/** How a sync ended. `complete`: every stream; `partial`: some are missing; `stopped`: by the signal. */
export interface SyncResult {
  outcome: JobOutcome;
  jobId: number;
  attempt: number;
  streams: StreamResult[];
  /** In the order in which they came; a failure of the destination comes first. */
  errors: ConnectorError[];
  /** Rows committed by this attempt. */
  rows: number;
  elapsedSeconds: number;
}

/** The result of a stream of which nothing was read in this attempt. */
export function notRead(stream: StreamDescriptor, more: Partial<StreamResult>): StreamResult {
  return {
    stream,
    status: 'waiting',
    earlier: false,
    changed: 0,
    records: 0,
    pages: 0,
    bytes: 0,
    committed: 0,
    checkpoints: 0,
    rowsBefore: 0,
    resumed: false,
    rate: 0,
    elapsedSeconds: 0,
    ...more,
  };
}
