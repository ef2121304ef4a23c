import { Decimal } from '@tidemark/protocol';
import { setKey } from '../../component/path.js';

/** An object with its keys renamed: its own (`top`), or those of objects in objects too (`deep`); never those in lists. */
export function renameKeys(
  object: Readonly<Record<string, unknown>>,
  rename: (key: string) => string,
  reach: 'top' | 'deep',
): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    const inner = reach === 'deep' && isObject(value) ? renameKeys(value, rename, reach) : value;
    setKey(renamed, rename(key), inner);
  }
  return renamed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}
