import type { StreamDescriptor } from '@tidemark/protocol';
import type { ConnectorError, StreamOutcome } from '@tidemark/source';
import type { SyncResult } from './result.js';
import type { SchemaChange } from './schema-change.js';

/** How far a stream is. Given out by `sync` as it goes; rendering is the caller's. */
export interface StreamProgress {
  stream: StreamDescriptor;
  /** `waiting`, `reading`, then how it ended. */
  status: 'waiting' | 'reading' | StreamOutcome;
  /** Rows handed over by the source in this attempt. */
  records: number;
  pages: number;
  /** Estimated size of these rows. */
  bytes: number;
  /** Rows that are durable, with the state that covers them. */
  committed: number;
  checkpoints: number;
  /** Rows that earlier attempts of the same job had committed; above 0 or with a state the stream goes on from there. */
  rowsBefore: number;
  resumed: boolean;
  /** Where it went on, in words; absent where it began at the beginning. */
  resumedFrom?: string;
  /** About how many rows the whole stream has; absent where the source does not know. For people: it decides nothing. */
  estimatedRows?: number;
  /** Rows a second since the stream's first page. */
  rate: number;
  elapsedSeconds: number;
}

/** What happens during a sync, for whoever shows it: display, webhooks and telemetry are made of nothing else. */
export type SyncEvent =
  /** An attempt begins. The first event of each. */
  | { type: 'start'; attempt: number; jobId: number; nonce: string; streams: StreamProgress[] }
  | { type: 'progress'; stream: StreamProgress }
  | { type: 'checkpoint'; stream: StreamProgress; rows: number }
  | { type: 'stream'; stream: StreamProgress }
  /** Streams or columns are not what they were in the last job. */
  | { type: 'schema'; changes: readonly SchemaChange[] }
  /** An attempt is over. The last event of each. */
  | { type: 'attempt'; result: SyncResult }
  /** The next attempt follows in so many seconds; 0: at once, because the last one committed something. */
  | { type: 'wait'; seconds: number; nextAttempt: number; error?: ConnectorError };

/**
 * How much of the stream has been read, from 0 to 1, earlier attempts of the job counted; when it has ended, how much is
 * committed. Undefined where the source does not know how much there is, where more has come than it knew of, and of a stream
 * that is complete.
 */
export function shareOf(progress: StreamProgress): number | undefined {
  const { status, records, committed, rowsBefore, estimatedRows } = progress;
  if (!estimatedRows || status === 'complete') return undefined;
  const share = (rowsBefore + (status === 'reading' ? records : committed)) / estimatedRows;
  return share <= 1 ? share : undefined;
}
