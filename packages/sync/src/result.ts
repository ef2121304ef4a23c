import type { StreamDescriptor } from '@tidemark/protocol';
import type { ConnectorError, ReadResult } from '@tidemark/source';
import type { JobOutcome } from './destination.js';
import type { StreamProgress } from './progress.js';

/** How a stream ended. Rows, pages and checkpoints are counted over all attempts of the sync. */
export interface StreamResult extends StreamProgress {
  status: 'waiting' | 'complete' | 'failed' | 'stopped' | 'reading';
  /** Completed by an earlier sync of the same job and not read again. */
  earlier: boolean;
  /** Values that did not fit their column: null there, kept in `_airbyte_meta.changes`. */
  changed: number;
  error?: ConnectorError;
}

/** One attempt of a sync. Times are milliseconds since the epoch. */
export interface AttemptResult {
  attempt: number;
  outcome: JobOutcome;
  /** Rows that it committed. */
  rows: number;
  /** It got on: the next one could go on from a place that no attempt had reached before. */
  progressed: boolean;
  errors: ConnectorError[];
  startedAt: number;
  elapsedSeconds: number;
  unparsable?: Unparsable;
}

/** Lines of a source program that were no messages, and the file that has them: none was dropped. */
export type Unparsable = NonNullable<ReadResult['unparsable']>;

/** How a sync ended. `complete`: every stream; `partial`: some are missing; `stopped`: by the signal. */
export interface SyncResult {
  outcome: JobOutcome;
  jobId: number;
  /** The number of the last attempt within its job. */
  attempt: number;
  streams: StreamResult[];
  /** Of the last attempt, in the order in which they came; a failure of the destination comes first. */
  errors: ConnectorError[];
  /** Rows committed by all attempts of this sync, but for those that went again because their stream began anew. */
  rows: number;
  /** From the beginning of the first attempt, waits included. */
  elapsedSeconds: number;
  /** Why the next sync begins a new job although this one is not complete; absent: it goes on, or all is complete. */
  nextJob?: string;
  /** Streams of the job that are half read and were not asked for: they keep it, not this sync, from being complete. */
  left: StreamDescriptor[];
  /** The attempts of this sync, in order. */
  attempts: AttemptResult[];
}

/** The lines that were no messages, over all attempts of the sync. */
export function unparsableOf(attempts: readonly AttemptResult[]): Unparsable | undefined {
  const told = attempts.flatMap(({ unparsable }) => unparsable ?? []);
  if (told.length === 0) return undefined;
  return { lines: told.reduce((sum, { lines }) => sum + lines, 0), file: told.findLast(({ file }) => file)?.file };
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

/** A stream over two attempts of one sync. */
export function added(before: StreamResult | undefined, now: StreamResult): StreamResult {
  if (!before) return now;
  // Completed by an attempt of this sync: the later ones only say that it is.
  if (now.earlier) return before.status === 'complete' ? before : now;
  const wentAgain = now.rowsBefore < before.rowsBefore + before.committed;
  const sum = (field: 'records' | 'pages' | 'bytes' | 'checkpoints' | 'changed' | 'elapsedSeconds') =>
    before[field] + now[field];
  const elapsedSeconds = sum('elapsedSeconds');
  return {
    ...now,
    records: sum('records'),
    pages: sum('pages'),
    bytes: sum('bytes'),
    checkpoints: sum('checkpoints'),
    changed: sum('changed'),
    elapsedSeconds,
    rate: elapsedSeconds > 0 ? sum('records') / elapsedSeconds : 0,
    committed: wentAgain ? now.committed : before.committed + now.committed,
    rowsBefore: wentAgain ? now.rowsBefore : before.rowsBefore,
    resumed: before.resumed,
    resumedFrom: before.resumedFrom,
  };
}
