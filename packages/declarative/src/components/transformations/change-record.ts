import type { RecordData } from '@tidemark/source';
import { setKey } from '../../component/path.js';

/** Gives a record the fields of `wanted`, in their order, and no others. */
export function changeRecord(record: RecordData, wanted: Readonly<Record<string, unknown>>): void {
  if (wanted === record) return;
  for (const key of Object.keys(record)) if (!Object.hasOwn(wanted, key)) delete record[key];
  for (const key of Object.keys(wanted)) setKey(record, key, wanted[key]);
}

/** As `changeRecord`, but every field anew: for words that give all keys other names. */
export function replaceRecord(record: RecordData, wanted: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(record)) delete record[key];
  for (const key of Object.keys(wanted)) setKey(record, key, wanted[key]);
}
