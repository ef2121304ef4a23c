import { canonical } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';

/** One text for the values of these fields; undefined when one of them is missing or empty. */
export function keyOf(record: RecordData, names: readonly string[]): string | undefined {
  const values: unknown[] = [];
  for (const name of names) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (value === undefined || value === null || value === '') return undefined;
    values.push(value);
  }
  return canonical(values);
}
