import type { Json } from '@tidemark/protocol';
import { noteChanges, type RecordChange, type RecordData } from '@tidemark/source';
import { type Column, LOST } from './column.js';

/** The texts of one row in the order of the columns; null is SQL's null. */
export type RowTexts = readonly (string | null)[];

/**
 * Makes the function from a row's texts to a record, once for a stream. A value that cannot be carried is null in the
 * record, with an entry in the record's `changes`.
 */
export function rowDecoder(columns: readonly Column[]): (texts: RowTexts) => RecordData {
  const names = columns.map((column) => column.name);
  const decoders = columns.map((column) => column.decode);
  const count = columns.length;
  // A column of this name would set the record's prototype instead of a field.
  const hasOddName = names.includes('__proto__');
  return (texts) => {
    const record: RecordData = {};
    let changes: RecordChange[] | undefined;
    for (let i = 0; i < count; i++) {
      const text = texts[i]!;
      let value: Json = null;
      if (text !== null) {
        const decoded = decoders[i]!(text);
        if (decoded === LOST) {
          changes ??= [];
          changes.push({ field: names[i]!, change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' });
        } else value = decoded;
      }
      if (hasOddName && names[i] === '__proto__')
        Object.defineProperty(record, '__proto__', { value, enumerable: true, writable: true, configurable: true });
      else record[names[i]!] = value;
    }
    if (changes) noteChanges(record, changes);
    return record;
  };
}
