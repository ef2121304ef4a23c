import { Decimal } from '@tidemark/protocol';

const NUMBER = /^\s*([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?\s*$/;

/** The exact integer that a value is (a number, or a text that writes one), or undefined. */
export function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'number' && typeof value !== 'string' && !Decimal.is(value)) return undefined;
  const text = numberText(value);
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

/**
 * The digits of a value that is a number or a text that writes one: no exponent, no zeros that say nothing. Two values
 * are the same number exactly when these texts are equal. Undefined for what is no number, or too long to be written.
 */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  const text =
    typeof value === 'string' ? value : Decimal.is(value) ? value.text : typeof value === 'object' ? '' : String(value);
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  let digits = whole + fraction;
  if (Math.abs(point) > 5_000) return undefined;
  if (point > digits.length) digits = digits.padEnd(point, '0');
  if (point < 0) digits = '0'.repeat(-point) + digits;
  const at = Math.max(point, 0);
  const left = digits.slice(0, at).replace(/^0+/, '') || '0';
  const right = digits.slice(at).replace(/0+$/, '');
  const number = right === '' ? left : `${left}.${right}`;
  return sign === '-' && number !== '0' ? `-${number}` : number;
}

/** How many digits stand before and after the point of a `numberText`. */
export function decimalShape(text: string): { whole: number; scale: number } {
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  const point = unsigned.indexOf('.');
  const whole = point < 0 ? unsigned : unsigned.slice(0, point);
  return { whole: whole === '0' ? 0 : whole.length, scale: point < 0 ? 0 : unsigned.length - point - 1 };
}
