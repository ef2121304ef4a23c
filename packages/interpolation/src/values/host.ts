import { text } from '../operations/text.js';
import { Bytes } from './bytes.js';
import { Dict } from './dict.js';
import { Float } from './float.js';
import { Markup } from './markup.js';
import { PySet } from './set.js';
import { Tuple } from './tuple.js';

/** A Python value as plain JavaScript: what leaves the package, and what enters an object of the caller's. */
export function toHost(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return value.map(toHost);
  if (value instanceof Tuple) return value.items.map(toHost);
  if (value instanceof Dict) {
    const object: Record<string, unknown> = {};
    for (const [key, item] of value.entries.values()) defineKey(object, hostKey(key), toHost(item));
    return object;
  }
  if (value instanceof PySet) return [...value.items()].map(toHost);
  if (value instanceof Markup) return value.markup;
  if (value instanceof Bytes) return text(value);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return text(value);
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value)) defineKey(object, key, toHost((value as Record<string, unknown>)[key]));
  return object;
}

/** Sets an own key. Assignment would do for every name but `__proto__`, which must be data like any other. */
export function defineKey(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** A dict's key as a key of JSON: what `json.dumps` makes of it. */
export function hostKey(key: unknown): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  return text(key);
}
