import { Decimal } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';

/**
 * What was extracted, as records: the same array when all of it is objects. Nulls are left out. Throws ConnectorError for
 * anything else, because a record that cannot be emitted would be lost.
 */
export function asRecords(found: readonly unknown[]): readonly RecordData[] {
  if (found.every(isRecord)) return found;
  return found.filter((item) => {
    if (item === null || item === undefined) return false;
    if (isRecord(item)) return true;
    const met = Array.isArray(item) ? 'a list' : typeof item === 'object' ? 'a number' : `a ${typeof item}`;
    throw new ConnectorError('system', `The API gave ${met} where a record (a JSON object) was due.`);
  }) as RecordData[];
}

function isRecord(item: unknown): item is RecordData {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !Decimal.is(item);
}
