import type { StreamDescriptor } from '@tidemark/protocol';
import type { StreamOutcome } from '@tidemark/source';

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
  /** Rows a second since the stream's first page. */
  rate: number;
  elapsedSeconds: number;
}

/** What happens during a sync, for whoever shows it. */
export type SyncEvent =
  | { type: 'start'; attempt: number; jobId: number; streams: StreamProgress[] }
  | { type: 'progress'; stream: StreamProgress }
  | { type: 'checkpoint'; stream: StreamProgress; rows: number }
  | { type: 'stream'; stream: StreamProgress };
