import { noteChanges, type RecordData } from '@tidemark/source';
import { logColumns } from '../log/log-columns.js';
import { lsnInParts } from './lsn.js';

/** The column that orders the changes of a row. */
export const LOG_CURSOR = '_ab_cdc_cursor';
/** Columns that records have beside their table's own while its change table is followed. */
export const LOG_COLUMNS = logColumns({
  _ab_cdc_lsn: 'string',
  _ab_cdc_event_serial_no: 'string',
  [LOG_CURSOR]: 'string',
  _ab_cdc_updated_at: 'string',
  _ab_cdc_deleted_at: 'string',
});

const NO_SEQVAL = '0'.repeat(20);

/** What is known of a change besides its row. */
export interface ChangeFacts {
  /** Of the commit. */
  readonly lsn: string;
  readonly command: string | null;
  readonly seqval: string;
  /** `__$operation`: 1 deletion, 2 insert, 4 the row after an update; 0 for a row of a load. */
  readonly operation: string;
  /** In UTC, `2024-02-29T23:59:59.123Z`; null where the server does not know it any more. */
  readonly at: string | null;
}

/** Sets the log's columns on the row of a change. */
export function stampChange(record: RecordData, { lsn, command, seqval, operation, at }: ChangeFacts): void {
  record._ab_cdc_lsn = lsnInParts(lsn);
  record._ab_cdc_event_serial_no = operation;
  record[LOG_CURSOR] = `${lsn}.${(command ?? '').padStart(10, '0')}.${seqval}.${operation}`;
  record._ab_cdc_updated_at = at;
  // A deletion is one even when the server has forgotten its time: then it is the time at which it is read.
  record._ab_cdc_deleted_at = operation === '1' ? (at ?? new Date().toISOString()) : null;
}

/** Sets them on a row that a load has read when everything up to `lsn` was in the change tables. */
export function stampLoaded(record: RecordData, lsn: string, extractedAt: number): void {
  const at = new Date(extractedAt).toISOString();
  stampChange(record, { lsn, command: null, seqval: NO_SEQVAL, operation: '0', at });
}

/** `2024-02-29T23:59:59.123` or without a fraction, as the server writes a `datetime`, as a time in UTC. */
export function timeOf(text: string): string | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?$/.exec(text);
  return match ? `${match[1]}.${(match[2] ?? '').padEnd(3, '0')}Z` : null;
}

/** Columns that the change table does not have are null in the record, and noted. */
export function noteMissing(record: RecordData, missing: readonly string[]): void {
  if (missing.length === 0) return;
  const lost = missing.map((field) => ({
    field,
    change: 'NULLED' as const,
    reason: 'SOURCE_RETRIEVAL_ERROR' as const,
  }));
  noteChanges(record, lost);
}
