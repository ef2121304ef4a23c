import { spend } from '../budget.js';
import { typeError } from '../error.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { Lazy } from '../values/lazy.js';
import { isHostDict, keysOf } from '../values/mapping.js';
import { Markup } from '../values/markup.js';
import { PythonObject } from '../values/python-object.js';
import { PySet } from '../values/set.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { typeName } from './type-name.js';

/** What a `for` loop goes over; undefined when the value is of a kind that has no elements. */
export function elements(value: unknown): Iterable<unknown> | undefined {
  if (Array.isArray(value) || typeof value === 'string') return value;
  if (value instanceof PythonObject) return elementsOfObject(value);
  return isHostDict(value) ? Object.keys(value) : undefined;
}

function elementsOfObject(value: PythonObject): Iterable<unknown> | undefined {
  if (value instanceof Tuple) return value.items;
  if (value instanceof Lazy) return { [Symbol.iterator]: () => value.iterator };
  if (value instanceof Undefined) return [];
  if (value instanceof DictView) return value.toArray();
  if (value instanceof Dict) return keysOf(value);
  if (value instanceof PySet) return value.items();
  if (value instanceof Markup) return value.markup;
  if (value instanceof Bytes) return value.data;
  return undefined;
}

/** Like `elements`, but fails as Python does. */
export function iterate(value: unknown): Iterable<unknown> {
  const found = elements(value);
  if (found === undefined) throw typeError(`'${typeName(value)}' object is not iterable`);
  return found;
}

/** A value's elements as a new array, paid for. */
export function toArray(value: unknown): unknown[] {
  const found = iterate(value);
  if (Array.isArray(found)) {
    spend(found.length);
    return found.slice();
  }
  const out: unknown[] = [];
  for (const element of found) {
    spend(1);
    out.push(element);
  }
  return out;
}
