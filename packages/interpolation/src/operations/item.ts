import { spend, spendScan } from '../budget.js';
import { typeError, valueError } from '../error.js';
import { bounds, indexArgument } from '../methods/arguments.js';
import { Bytes } from '../values/bytes.js';
import { Dict } from '../values/dict.js';
import { isIntLike } from '../values/float.js';
import { getKey, isHostDict } from '../values/mapping.js';
import { isText, Markup, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { findAttribute, missing } from './attribute.js';
import { hasSurrogates } from './code-points.js';
import { hashKey } from './hash-key.js';
import { typeName } from './type-name.js';

/** `value[key]` in a template: the element, else the attribute of that name, else undefined. */
export function getItem(value: unknown, key: unknown): unknown {
  const item = findItem(value, key);
  if (item !== undefined) return item;
  if (isText(key)) {
    const attribute = findAttribute(value, plain(key));
    if (attribute !== undefined) return attribute;
  }
  return missing(value, key);
}

/** `value[key]` of Python alone; undefined where it would raise a TypeError or LookupError. */
export function findItem(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) return isIntLike(key) ? nullish(at(value, Number(key))) : undefined;
  if (value instanceof Dict || isHostDict(value)) return isHashable(key) ? getKey(value, key) : undefined;
  if (value instanceof Undefined) throw value.fail();
  if (!isIntLike(key)) return undefined;
  const index = Number(key);
  if (typeof value === 'string') return characterAt(value, index);
  if (value instanceof Tuple) return nullish(at(value.items, index));
  if (value instanceof Bytes) return value.data.at(index);
  if (!(value instanceof Markup)) return undefined;
  const char = characterAt(value.markup, index);
  return char === undefined ? undefined : new Markup(char);
}

/** A list of the caller's may hold `undefined`, which stands for None. */
const nullish = (entry: unknown[] | undefined) => (entry ? (entry[0] ?? null) : undefined);

function at(items: readonly unknown[], index: number): unknown[] | undefined {
  const position = index < 0 ? index + items.length : index;
  return position >= 0 && position < items.length ? [items[position]] : undefined;
}

function isHashable(key: unknown): boolean {
  if (typeof key === 'string') return true;
  try {
    hashKey(key);
    return true;
  } catch {
    return false;
  }
}

function characterAt(text: string, index: number): string | undefined {
  spendScan(text.length);
  if (!hasSurrogates(text)) return text.at(index);
  spend(text.length);
  return Array.from(text).at(index);
}

/** `value[start:stop:step]` */
export function slice(value: unknown, start: unknown, stop: unknown, step: unknown): unknown {
  if (value instanceof Undefined) throw value.fail();
  if (typeof value === 'string') return sliceText(value, start, stop, step);
  if (value instanceof Markup) return new Markup(sliceText(value.markup, start, stop, step));
  if (Array.isArray(value)) return sliceItems(value, start, stop, step);
  if (value instanceof Tuple) return new Tuple(sliceItems(value.items, start, stop, step));
  if (value instanceof Bytes) return new Bytes(Uint8Array.from(sliceItems([...value.data], start, stop, step)));
  if (value instanceof Dict || isHostDict(value)) throw typeError("unhashable type: 'slice'");
  throw typeError(`'${typeName(value)}' object is not subscriptable`);
}

function sliceText(text: string, start: unknown, stop: unknown, step: unknown): string {
  spendScan(text.length);
  if (indexArgument(step, 1) === 1 && !hasSurrogates(text)) {
    const [from, to] = bounds(start, stop, text.length);
    return text.slice(from, Math.max(from, to));
  }
  spend(text.length);
  return sliceItems(hasSurrogates(text) ? Array.from(text) : text.split(''), start, stop, step).join('');
}

function sliceItems<Item>(items: readonly Item[], start: unknown, stop: unknown, step: unknown): Item[] {
  const by = indexArgument(step, 1);
  if (by === 0) throw valueError('slice step cannot be zero');
  const { length } = items;
  const clamp = (value: unknown, otherwise: number) => {
    if (value === undefined || value === null) return otherwise;
    const index = indexArgument(value, otherwise);
    const position = index < 0 ? index + length : index;
    return by > 0 ? Math.max(0, Math.min(length, position)) : Math.max(-1, Math.min(length - 1, position));
  };
  const from = clamp(start, by > 0 ? 0 : length - 1);
  const to = clamp(stop, by > 0 ? length : -1);
  spend(items.length >> 3);
  if (by === 1) return items.slice(from, Math.max(from, to));
  const out: Item[] = [];
  for (let i = from; by > 0 ? i < to : i > to; i += by) out.push(items[i] as Item);
  return out;
}
