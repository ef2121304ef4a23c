import { Failure, typeError } from '../error.js';
import { typeName } from '../operations/type-name.js';
import { isIntLike } from '../values/float.js';
import { isText, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';

/** An argument that must be text. */
export function textArgument(value: unknown, what = 'argument'): string {
  if (!isText(value)) throw typeError(`${what} must be str, not ${typeName(value)}`);
  return plain(value);
}

/**
 * An argument that must be an int, or `otherwise` when it was not given. Ints too large for an index are cut to one.
 */
export function intArgument(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!isIntLike(value)) throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Failure('OverflowError', 'Python int too large to convert to C ssize_t');
  return number;
}

/** An index of a slice: None and a missing one are `otherwise`, and any int will do, however large. */
export function indexArgument(value: unknown, otherwise: number): number {
  if (value === undefined || value === null) return otherwise;
  if (!isIntLike(value)) {
    throw typeError('slice indices must be integers or None or have an __index__ method');
  }
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

/** The part from `start` to `end` of something `length` long, as Python's find, index and count take it. */
export function bounds(start: unknown, end: unknown, length: number): [start: number, end: number] {
  let from = indexArgument(start, 0);
  let to = indexArgument(end, length);
  if (to > length) to = length;
  else if (to < 0) to = Math.max(0, to + length);
  if (from < 0) from = Math.max(0, from + length);
  return [from, to];
}

/** Fails on an undefined value, for words in which Python would stumble over it with an error of its own. */
export function defined(value: unknown): unknown {
  if (value instanceof Undefined) throw value.fail();
  return value;
}
