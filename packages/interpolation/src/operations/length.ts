import { typeError } from '../error.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { isHostDict, sizeOf } from '../values/mapping.js';
import { Markup } from '../values/markup.js';
import { PySet } from '../values/set.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { codePointLength } from './code-points.js';
import { typeName } from './type-name.js';

/** Python's `len(value)`, or -1 for a kind that has none. */
export function lengthOrNone(value: unknown): number {
  if (typeof value === 'string') return codePointLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict || isHostDict(value)) return sizeOf(value);
  if (value instanceof Undefined) return 0;
  if (value instanceof Markup) return codePointLength(value.markup);
  if (value instanceof DictView) return sizeOf(value.mapping);
  if (value instanceof PySet) return value.size;
  if (value instanceof Bytes) return value.data.length;
  return -1;
}

/** Python's `len(value)`. */
export function length(value: unknown): number {
  const found = lengthOrNone(value);
  if (found < 0) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return found;
}
