import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/** True when a page is the last one because it has fewer records than were asked for, or none. */
export function isLastPage(recordCount: number, pageSize: number | undefined): boolean {
  return recordCount === 0 || (pageSize !== undefined && recordCount < pageSize);
}

/** A token that counts. Throws ConnectorError when it is something else (a state of another strategy). */
export function countOf(token: Json, strategy: string): number {
  if (typeof token === 'number' && Number.isInteger(token)) return token;
  throw new ConnectorError('system', `${strategy} went on from a page token that is not a whole number.`);
}
