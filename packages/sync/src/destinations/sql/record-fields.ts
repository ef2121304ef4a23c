import type { RecordData } from '@tidemark/source';
import { type Columns, REST_FIELD } from './column.js';
import { type Kind, kindOfValue } from './value-kind.js';

/** The columns that a chunk of records asks for. */
export interface Wanted {
  /** Fields that get a column of their own. */
  fields: [string, Kind][];
  /** There are more fields than there may be columns: the rest goes to one JSON column. */
  rest: boolean;
}

/** Fields with values that have no column yet. */
export function wantedColumns(records: readonly RecordData[], columns: Columns): Wanted {
  const unknown = new Map<string, Kind>();
  for (const record of records) {
    for (const field in record) {
      if (columns.has(field) || unknown.has(field)) continue;
      const value = record[field];
      if (value !== null && value !== undefined) unknown.set(field, kindOfValue(value));
    }
  }
  return { fields: [...unknown].slice(0, columns.room), rest: unknown.size > columns.room };
}

/** The record with its fields that have no column gathered in one. */
export function gather(record: RecordData, columns: Columns): RecordData {
  const strays = Object.entries(record).filter(([field, value]) => value != null && !columns.has(field));
  return strays.length === 0 ? record : { ...record, [REST_FIELD]: Object.fromEntries(strays) };
}

/** What a record has in a field. One named like something that every object has (`constructor`) counts only when it is its own. */
export function fieldValue(record: RecordData, field: string): RecordData[string] | undefined {
  return field in Object.prototype && !Object.hasOwn(record, field) ? undefined : record[field];
}
