import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/**
 * The positions that a reading of a log goes between, as `parse` makes them of what a state has. `log` is what the server calls
 * its log. Throws ConnectorError (config) where one of them is no position of it.
 */
export function readingBounds<P>(
  parse: (stored: Json) => P | undefined,
  [from, to]: readonly [Json, Json],
  log: string,
): [begin: P, end: P] {
  const [begin, end] = [parse(from), parse(to)];
  if (!begin || !end) throw new ConnectorError('config', `The state has no position of ${log}.`);
  return [begin, end];
}
