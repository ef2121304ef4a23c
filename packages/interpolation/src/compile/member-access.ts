import { dictMembers } from '../methods/dict.js';
import { getAttribute, missing } from '../operations/attribute.js';
import { getItem } from '../operations/item.js';
import { isUnsafeName } from '../operations/unsafe-names.js';
import type { Evaluate } from './frame.js';

/** `target.name`. The short way is for plain objects and names that no dict has a method of, which is nearly always. */
export function compileAttribute(target: Evaluate, name: string): Evaluate {
  if (dictMembers.has(name) || isUnsafeName('dict', name)) return (frame) => getAttribute(target(frame), name);
  return (frame) => {
    const value = target(frame);
    if (!isPlainObject(value)) return getAttribute(value, name);
    if (!Object.hasOwn(value, name)) return missing(value, name);
    const found = value[name];
    return found === undefined ? null : found;
  };
}

/** `target[key]` with a constant key. */
export function compileItem(target: Evaluate, key: unknown): Evaluate {
  if (typeof key !== 'string') return (frame) => getItem(target(frame), key);
  return (frame) => {
    const value = target(frame);
    if (!isPlainObject(value) || !Object.hasOwn(value, key)) return getItem(value, key);
    const found = value[key];
    return found === undefined ? null : found;
  };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
