import { repr } from '../operations/text.js';

/** Python's `pprint.pformat`. */
export function prettyPrint(value: unknown): string {
  return repr(value);
}
