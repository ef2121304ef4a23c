import { spend } from '../budget.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { Float, isFloat, isInt } from '../values/float.js';
import { defineKey, hostKey, toHost } from '../values/host.js';
import { isHostDict, isMapping } from '../values/mapping.js';
import { PySet } from '../values/set.js';
import { Tuple } from '../values/tuple.js';
import { NO_LITERAL, parseLiteral } from './literal.js';

/** A Python type that the literal may be restricted to. As in Python, a bool is an int too. */
export type LiteralType = 'str' | 'int' | 'float' | 'bool' | 'list' | 'dict' | 'tuple' | 'set' | 'bytes' | 'NoneType';

const IS: Record<LiteralType, (value: unknown) => boolean> = {
  str: (value) => typeof value === 'string',
  int: (value) => isInt(value) || typeof value === 'boolean',
  float: isFloat,
  bool: (value) => typeof value === 'boolean',
  list: Array.isArray,
  dict: isMapping,
  tuple: (value) => value instanceof Tuple,
  set: (value) => value instanceof PySet,
  bytes: (value) => value instanceof Bytes,
  NoneType: (value) => value === null,
};

/**
 * The text's value as a literal, as plain JavaScript; the text itself when it is none, or none of the types asked for.
 */
export function evaluateLiteral(text: string, types?: readonly LiteralType[]): unknown {
  const value = parseLiteral(text);
  if (value === NO_LITERAL || (types?.length && !types.some((type) => IS[type](value)))) return text;
  return typeof value === 'object' ? toHost(value) : value;
}

/** Nested deeper than this, values take the long way through their text, which is where Python gives up on them. */
const DEPTH_MAX = 90;

/**
 * What printing a value and reading it back as a literal gives, without doing so: a copy, when it consists of nothing
 * but JSON's kinds of values. Anything else gives `NO_LITERAL`, and must take the long way.
 */
export function copyLiteral(value: unknown, depth = 0): unknown {
  spend(1);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : NO_LITERAL;
    case 'object':
      return value === null ? null : copyObject(value, depth);
    case 'undefined':
      return null;
    default:
      return NO_LITERAL;
  }
}

function copyObject(value: object, depth: number): unknown {
  if (depth > DEPTH_MAX) return NO_LITERAL;
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return copyItems(value, depth);
  if (value instanceof Tuple) return value.shownAs ? NO_LITERAL : copyItems(value.items, depth);
  const copy: Record<string, unknown> = {};
  if (isHostDict(value)) {
    for (const key of Object.keys(value)) {
      const item = copyLiteral(value[key], depth + 1);
      if (item === NO_LITERAL) return NO_LITERAL;
      defineKey(copy, key, item);
    }
    return copy;
  }
  if (!(value instanceof Dict)) return NO_LITERAL;
  for (const [key, entry] of value.entries.values()) {
    const item = copyLiteral(entry, depth + 1);
    if (item === NO_LITERAL || copyLiteral(key, depth + 1) === NO_LITERAL) return NO_LITERAL;
    defineKey(copy, hostKey(key), item);
  }
  return copy;
}

function copyItems(items: readonly unknown[], depth: number): unknown {
  const copy: unknown[] = [];
  for (const element of items) {
    const item = copyLiteral(element, depth + 1);
    if (item === NO_LITERAL) return NO_LITERAL;
    copy.push(item);
  }
  return copy;
}
