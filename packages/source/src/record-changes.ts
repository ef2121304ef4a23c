import type { RecordData } from './stream.js';

const CHANGES = Symbol('changes');

/** A value that could not be carried: protocol `meta.changes`. */
export interface RecordChange {
  field: string;
  change: 'NULLED' | 'TRUNCATED';
  /** `SOURCE_SERIALIZATION_ERROR`, `SOURCE_FIELD_SIZE_LIMITATION`, … of the protocol. */
  reason: string;
}

/** Says that values of a record were changed on the way, besides what was said before. It travels with the record, not in it. */
export function noteChanges(record: RecordData, changes: RecordChange[]): void {
  if (changes.length === 0) return;
  const before = changesOf(record);
  Object.defineProperty(record, CHANGES, { value: before ? [...before, ...changes] : changes, configurable: true });
}

/** What was changed in a record, if anything. */
export function changesOf(record: RecordData): readonly RecordChange[] | undefined {
  return (record as { [CHANGES]?: RecordChange[] })[CHANGES];
}
