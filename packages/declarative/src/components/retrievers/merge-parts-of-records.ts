import { Decimal, type Json, type JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { setKey } from '../../component/path.js';

/** Records put together from their parts. */
export interface MergedRecords {
  records: RecordData[];
  /** Records without a key, which stay what they are. */
  alone: RecordData[];
}

/**
 * Puts the parts of records together that stand in the answers to several requests: those with the same key, objects in
 * them field by field, later ones over earlier ones. Where an answer has a key twice, its first record goes with the first
 * of the others, its second with the second.
 */
export function mergePartsOfRecords(
  answers: readonly (readonly RecordData[])[],
  key: (record: RecordData) => string | undefined,
): MergedRecords {
  const byKey = new Map<string, RecordData>();
  const alone: RecordData[] = [];
  for (const answer of answers) {
    const seen = new Map<string, number>();
    for (const record of answer) {
      const text = key(record);
      if (text === undefined) {
        alone.push(record);
        continue;
      }
      const number = seen.get(text) ?? 0;
      seen.set(text, number + 1);
      const place = `${number}\u0000${text}`;
      const before = byKey.get(place);
      byKey.set(place, before ? merged(before as JsonObject, record as JsonObject) : record);
    }
  }
  return { records: [...byKey.values()], alone };
}

/** A new object: what is merged belongs to the answers. */
function merged(before: JsonObject, after: JsonObject): JsonObject {
  const result: JsonObject = { ...before };
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    setKey(result, key, isObject(old) && isObject(value) ? merged(old, value) : value);
  }
  return result;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
