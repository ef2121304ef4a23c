import { checkSize, spend, spendSize } from '../budget.js';
import { Failure, typeError } from '../error.js';
import { Bytes } from '../values/bytes.js';
import { isIntLike } from '../values/float.js';
import { escapeHtml, isText, Markup, plain } from '../values/markup.js';
import { Tuple } from '../values/tuple.js';
import { typeName } from './type-name.js';

/** `left + right` of text, lists, tuples and bytes; undefined when the two do not go together. */
export function concatenate(left: unknown, right: unknown): unknown {
  if (isText(left)) return isText(right) ? joinText(left, right) : undefined;
  if (Array.isArray(left)) {
    if (!Array.isArray(right)) throw typeError(`can only concatenate list (not "${typeName(right)}") to list`);
    spendSize(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    spendSize(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  if (left instanceof Bytes && right instanceof Bytes) return new Bytes(Buffer.concat([left.data, right.data]));
  return undefined;
}

/** Markup stays markup, and escapes what is not. */
function joinText(left: string | Markup, right: string | Markup): string | Markup {
  const size = plain(left).length + plain(right).length;
  if (size > 1000) {
    checkSize(size);
    spend(size >> 6);
  }
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  return new Markup(asMarkup(left) + asMarkup(right));
}

export const asMarkup = (value: string | Markup) => (value instanceof Markup ? value.markup : escapeHtml(value));

/** `sequence * count`; undefined when it is no sequence or the count no int. */
export function repeat(sequence: unknown, count: unknown): unknown {
  if (!isIntLike(count)) return undefined;
  const times = Math.max(0, Number(count));
  if (times >= 2 ** 63 && isSequence(sequence))
    throw new Failure('OverflowError', "cannot fit 'int' into an index-sized integer");
  if (isText(sequence)) {
    spendSize(plain(sequence).length * times);
    const repeated = plain(sequence).repeat(plain(sequence) === '' ? 0 : times);
    return sequence instanceof Markup ? new Markup(repeated) : repeated;
  }
  if (Array.isArray(sequence)) return repeatItems(sequence, times);
  if (sequence instanceof Tuple) return new Tuple(repeatItems(sequence.items, times));
  if (sequence instanceof Bytes) return new Bytes(Uint8Array.from(repeatItems([...sequence.data], times) as number[]));
  return undefined;
}

const isSequence = (value: unknown) =>
  isText(value) || Array.isArray(value) || value instanceof Tuple || value instanceof Bytes;

function repeatItems(items: readonly unknown[], times: number): unknown[] {
  if (items.length === 0) return [];
  spendSize(items.length * times);
  const out: unknown[] = [];
  for (let i = 0; i < times; i++) for (const item of items) out.push(item);
  return out;
}
