import { stringify } from '@tidemark/protocol';
import { changesOf, noteChanges, type RecordData } from '@tidemark/source';
import type { Columns } from '../sql/column.js';

/**
 * The record without one of its values, each in turn, with a note: as text beside it where that goes in, then without; in
 * the end without any. `suspect` says whether the server may refuse what a column of a type has: those come first.
 */
export function* withoutOne(
  record: RecordData,
  columns: Columns,
  suspect: (type: string) => boolean,
): Generator<RecordData> {
  const isSuspect = (field: string) => {
    const column = columns.get(field);
    return !column || suspect(column.type);
  };
  const filled = Object.keys(record).filter((field) => record[field] !== null && record[field] !== undefined);
  // A value of another column can only be refused where its note has it.
  const fields = [...filled.filter(isSuspect), ...filled.filter((field) => !isSuspect(field))];
  for (const field of fields) yield without(record, [field], true);
  for (const field of fields) yield without(record, [field], false);
  yield without(record, fields, false);
}

function without(record: RecordData, fields: readonly string[], keep: boolean): RecordData {
  const copy: RecordData = { ...record };
  for (const field of fields) copy[field] = null;
  const notes = fields.map((field) => ({
    field,
    change: 'NULLED' as const,
    reason: 'DESTINATION_TYPECAST_ERROR',
    ...(keep ? { value: stringify(record[field] ?? null) } : {}),
  }));
  noteChanges(copy, [...(changesOf(record) ?? []), ...notes]);
  return copy;
}
