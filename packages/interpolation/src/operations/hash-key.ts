import { typeError } from '../error.js';
import { Bytes } from '../values/bytes.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { Float } from '../values/float.js';
import { Markup } from '../values/markup.js';
import { PythonObject } from '../values/python-object.js';
import { TimeDelta } from '../values/time-delta.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { typeName } from './type-name.js';

const UNHASHABLE = new Set(['list', 'dict', 'set', 'dict_keys', 'dict_items', 'object']);

/**
 * What a value is stored under in a dict or set: equal values have the same key. Text stands for itself; a key made up
 * for another kind starts with NUL, so text that starts with one gets one more.
 */
export function hashKey(value: unknown): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\0${value}` : value;
  if (typeof value === 'number') return numberKey(value);
  if (typeof value === 'bigint' || value === null) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Float) return numberKey(value.value);
  if (value instanceof Markup) return hashKey(value.markup);
  if (value instanceof Tuple) return `\0t${value.items.map((item) => keyText(hashKey(item))).join('')}`;
  if (value instanceof DateTime) return `\0d${value.zone ? 'z' : ''}${value.utcMicros()}`;
  if (value instanceof PyDate) return `\0D${value.ordinal}`;
  if (value instanceof TimeDelta) return `\0T${value.total()}`;
  if (value instanceof Bytes) return `\0b${value.data.join()}`;
  if (value instanceof Undefined) return '\0u';
  const type = typeName(value);
  if (UNHASHABLE.has(type) || !(value instanceof PythonObject)) throw typeError(`unhashable type: '${type}'`);
  return value;
}

/** Large whole numbers as bigint, so that they are one key whatever they are held in. */
function numberKey(value: number): number | bigint {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value + 0;
}

function keyText(key: unknown): string {
  const body = String(key);
  return `${typeof key}:${body.length}:${body}`;
}
