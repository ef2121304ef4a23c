import { Failure } from '../error.js';
import { text } from '../operations/text.js';
import { Dict } from './dict.js';
import { toHost } from './host.js';

/** A plain object of the context. Only its own properties are ever seen; methods of its prototype never are. */
export type HostDict = Record<string, unknown>;

/** Either kind of dict. A key that is missing is `undefined`, which is no Python value. */
export type Mapping = HostDict | Dict;

/** Whether a value is a plain object: made by `{}`, `JSON.parse` or `Object.create(null)`, in any realm. */
export function isHostDict(value: unknown): value is HostDict {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

export function isMapping(value: unknown): value is Mapping {
  return value instanceof Dict || isHostDict(value);
}

export function getKey(mapping: Mapping, key: unknown): unknown {
  if (mapping instanceof Dict) return mapping.get(key);
  if (typeof key !== 'string') return keyOf(key) === undefined ? undefined : getKey(mapping, keyOf(key));
  if (!Object.hasOwn(mapping, key)) return undefined;
  const value = mapping[key];
  return value === undefined ? null : value;
}

export function hasKey(mapping: Mapping, key: unknown): boolean {
  return getKey(mapping, key) !== undefined;
}

/** Writes a key. A plain object is the caller's own: what enters it is plain again, and never touches a prototype. */
export function setKey(mapping: Mapping, key: unknown, value: unknown): void {
  if (mapping instanceof Dict) {
    mapping.set(key, value);
    return;
  }
  const name = typeof key === 'string' ? key : text(key);
  const done = Reflect.defineProperty(mapping, name, {
    value: toHost(value),
    writable: true,
    enumerable: true,
    configurable: true,
  });
  if (!done) throw new Failure('SecurityError', `the context's object does not let '${name}' be changed`);
}

export function deleteKey(mapping: Mapping, key: unknown): void {
  if (mapping instanceof Dict) mapping.delete(key);
  else if (!Reflect.deleteProperty(mapping, typeof key === 'string' ? key : text(key))) {
    throw new Failure('SecurityError', "the context's object does not let its keys be deleted");
  }
}

export function keysOf(mapping: Mapping): unknown[] {
  if (mapping instanceof Dict) return Array.from(mapping.entries.values(), (entry) => entry[0]);
  return Object.keys(mapping);
}

export function valuesOf(mapping: Mapping): unknown[] {
  if (mapping instanceof Dict) return Array.from(mapping.entries.values(), (entry) => entry[1]);
  return Object.keys(mapping).map((key) => mapping[key] ?? null);
}

export function pairsOf(mapping: Mapping): [unknown, unknown][] {
  if (mapping instanceof Dict) return Array.from(mapping.entries.values(), ([key, value]) => [key, value]);
  return Object.keys(mapping).map((key) => [key, mapping[key] ?? null]);
}

export function sizeOf(mapping: Mapping): number {
  return mapping instanceof Dict ? mapping.entries.size : Object.keys(mapping).length;
}

/** The text of a text-like key (markup), which is the same key as the plain text. */
function keyOf(key: unknown): string | undefined {
  return typeof key === 'object' && key !== null && 'markup' in key && typeof key.markup === 'string'
    ? key.markup
    : undefined;
}
