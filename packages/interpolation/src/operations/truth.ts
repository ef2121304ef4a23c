import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { Float } from '../values/float.js';
import { isHostDict, sizeOf } from '../values/mapping.js';
import { Markup } from '../values/markup.js';
import { PythonObject } from '../values/python-object.js';
import { PySet } from '../values/set.js';
import { TimeDelta } from '../values/time-delta.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';

/** Python's `bool(value)`. */
export function truth(value: unknown): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'bigint':
      return value !== 0n;
    default:
      return value !== null && value !== undefined && objectTruth(value);
  }
}

function objectTruth(value: object): boolean {
  if (value instanceof PythonObject) {
    if (value instanceof Undefined) return false;
    if (value instanceof Float) return value.value !== 0;
    if (value instanceof Tuple) return value.items.length > 0;
    if (value instanceof Dict) return value.entries.size > 0;
    if (value instanceof Markup) return value.markup !== '';
    if (value instanceof PySet) return value.size > 0;
    if (value instanceof TimeDelta) return !value.isZero();
    if (value instanceof DictView) return sizeOf(value.mapping) > 0;
    if (value instanceof Bytes) return value.data.length > 0;
    return true;
  }
  if (Array.isArray(value)) return value.length > 0;
  if (!isHostDict(value)) return true;
  for (const _ of Object.keys(value)) return true;
  return false;
}
