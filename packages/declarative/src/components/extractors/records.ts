import { Decimal } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import type { Extraction } from './slot.js';

/**
 * What was found, as records: the same array when all of it is objects. Nulls are left out but counted. Throws
 * ConnectorError for anything else, because a record that cannot be emitted would be lost.
 */
export function extraction(found: readonly unknown[]): Extraction {
  return { records: found.every(isRecord) ? found : found.filter(isPresent), count: found.length };
}

/** True for an object as JSON has it. */
export function isRecord(item: unknown): item is RecordData {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !Decimal.is(item);
}

function isPresent(item: unknown): item is RecordData {
  if (isRecord(item)) return true;
  if (item === null || item === undefined) return false;
  const met = Array.isArray(item) ? 'a list' : typeof item === 'object' ? 'a number' : `a ${typeof item}`;
  throw new ConnectorError('system', `The API gave ${met} where a record (a JSON object) was due.`);
}
