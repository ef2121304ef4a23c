import type { Json, JsonObject } from '@tidemark/protocol';
import { Decimal } from '@tidemark/protocol';

/** True for a JSON object (not an array, not a number kept as text). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}

/** The value at an own key; inherited names such as `constructor` are never found. */
export function own(node: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(node, key) ? node[key] : undefined;
}

/** Sets an own key; `__proto__` is a key like any other. */
export function put(node: JsonObject, key: string, value: Json | undefined): void {
  if (key === '__proto__')
    Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
  else node[key] = value;
}

/** What Python takes for false: a parameter fills such a field. */
export function isFalsy(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0 || value === 0n)
    return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) ? Object.keys(value).length === 0 : Decimal.is(value) && Number(value.text) === 0;
}
