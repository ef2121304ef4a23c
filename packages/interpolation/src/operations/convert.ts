import { Failure, typeError, valueError } from '../error.js';
import { SPACE } from '../methods/text-kind.js';
import { Bytes } from '../values/bytes.js';
import { type Float, float, int, isFloat, isIntLike, isNumber, toDouble } from '../values/float.js';
import { isText, plain } from '../values/markup.js';
import { Undefined } from '../values/undefined.js';
import { asDouble } from './number-arithmetic.js';
import { repr, tooManyDigits } from './text.js';
import { typeName } from './type-name.js';

const EDGES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g');

/** Text with its edges trimmed and every decimal digit, of whatever script, as 0-9. */
function normalized(text: string): string {
  const trimmed = text.replace(EDGES, '');
  return /[^\0-\x7f]/.test(trimmed) ? trimmed.replace(/\p{Nd}/gu, (char) => String(decimalValue(char))) : trimmed;
}

/** Scripts keep their digits in runs of ten; only the mathematical ones touch each other. */
function decimalValue(char: string): number {
  let code = char.codePointAt(0) ?? 0;
  if (code >= 0x1d7ce && code <= 0x1d7ff) return (code - 0x1d7ce) % 10;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - 1))) {
    code--;
    value++;
  }
  return value;
}

const PREFIXES: Record<number, string> = { 2: '0b', 8: '0o', 16: '0x' };

/** Python's `int(text, base)`. */
export function parseIntText(text: string, base: number): number | bigint {
  const fail = () => valueError(`invalid literal for int() with base ${base}: ${repr(text)}`);
  if (base !== 0 && (base < 2 || base > 36)) throw valueError('int() base must be >= 2 and <= 36, or 0');
  let body = normalized(text).toLowerCase();
  const negative = body.startsWith('-');
  if (/^[+-]/.test(body)) body = body.slice(1);
  let radix = base;
  for (const [size, prefix] of Object.entries(PREFIXES)) {
    if (body.startsWith(prefix) && (base === 0 || base === Number(size))) {
      radix = Number(size);
      body = body.slice(2).replace(/^_/, '');
      break;
    }
  }
  if (radix === 0) {
    radix = 10;
    if (/^0[0_]*[1-9]/.test(body)) throw fail();
  }
  if (!/^[0-9a-z]+(?:_[0-9a-z]+)*$/.test(body)) throw fail();
  const digits = body.replaceAll('_', '');
  if ([...digits].some((digit) => Number.parseInt(digit, 36) >= radix)) throw fail();
  if (digits.length > 4300 && radix !== 2 && radix !== 4 && radix !== 8 && radix !== 16 && radix !== 32)
    throw tooManyDigits();
  const value = radix === 10 ? BigInt(digits) : fromRadix(digits, radix);
  return int(negative ? -value : value);
}

function fromRadix(digits: string, radix: number): bigint {
  const prefix = PREFIXES[radix];
  if (prefix) return BigInt(prefix + digits);
  let value = 0n;
  for (const digit of digits) value = value * BigInt(radix) + BigInt(Number.parseInt(digit, 36));
  return value;
}

const FLOAT = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;

/** Python's `float(text)`. */
export function parseFloatText(text: string): number {
  const body = normalized(text);
  if (FLOAT.test(body)) return Number(body.replaceAll('_', ''));
  const named = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(body);
  if (!named) throw valueError(`could not convert string to float: ${repr(text)}`);
  if (!named[2]) return Number.NaN;
  return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Python's `int(value)`. */
export function toInt(value: unknown): number | bigint {
  if (typeof value === 'boolean') return Number(value);
  if (isFloat(value)) return truncate(toDouble(value));
  if (isIntLike(value)) return value as number | bigint;
  if (isText(value)) return parseIntText(plain(value), 10);
  if (value instanceof Bytes) return parseIntText(Buffer.from(value.data).toString('latin1'), 10);
  if (value instanceof Undefined) throw value.fail();
  throw typeError(`int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`);
}

/** A double without its fraction, as int. */
export function truncate(value: number): number | bigint {
  if (Number.isNaN(value)) throw valueError('cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw new Failure('OverflowError', 'cannot convert float infinity to integer');
  return int(BigInt(Math.trunc(value)));
}

/** Python's `float(value)`. */
export function toFloat(value: unknown): number | Float {
  if (isFloat(value)) return value;
  if (isNumber(value)) return float(asDouble(value));
  if (isText(value)) return float(parseFloatText(plain(value)));
  if (value instanceof Bytes) return float(parseFloatText(Buffer.from(value.data).toString('latin1')));
  if (value instanceof Undefined) throw value.fail();
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`);
}
