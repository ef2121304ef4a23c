import type { RecordData } from '@tidemark/source';
import { rowDecoder } from '../row-decoder.js';
import { isPackedText, packedText } from './packed-texts.js';
import type { MysqlColumn } from './types.js';
import { isYear } from './years.js';

/** What is known of a change besides its row. */
export interface ChangeFacts {
  file: string;
  pos: number;
  cursor: bigint;
  /** Milliseconds since the epoch. */
  at: number;
  isDeleted: boolean;
}

/** Makes records of a table's row events: the same records that a load makes of the same rows. */
export function changeDecoder(
  columns: readonly MysqlColumn[],
): (row: Record<string, unknown>, facts: ChangeFacts) => RecordData {
  const decode = rowDecoder(columns);
  return (row, facts) => {
    const record = decode(columns.map((column) => textOf(row[column.name], column)));
    stampChange(record, facts);
    return record;
  };
}

/** Sets the log's columns. */
export function stampChange(record: RecordData, { file, pos, cursor, at, isDeleted }: ChangeFacts): void {
  const time = new Date(at).toISOString();
  record._ab_cdc_log_file = file;
  record._ab_cdc_log_pos = pos;
  record._ab_cdc_cursor = cursor <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(cursor) : cursor;
  record._ab_cdc_updated_at = time;
  record._ab_cdc_deleted_at = isDeleted ? time : null;
}

/** A value of the binlog in the form in which a statement's result has it. */
function textOf(value: unknown, column: MysqlColumn): string | null {
  if (value === null || value === undefined) return null;
  if (isPackedText(column.type) && Buffer.isBuffer(value)) return packedText(column.type, value);
  if (Buffer.isBuffer(value)) return value.toString(column.isBinary ? 'base64' : 'utf8');
  // The log counts years from 1900 on, and has no year 1900: its zero is the year 0000.
  if (value === 1900 && isYear(column)) return '0000';
  if (typeof value === 'number' && column.type === 'year(2)') return String(value % 100);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}
