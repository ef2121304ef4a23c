import { Failure } from '../error.js';
import { asDouble, type Numeric } from '../operations/number-arithmetic.js';
import { isIntLike } from '../values/float.js';
import { fixedDigits, significantDigits } from './decimal-digits.js';
import { floatRepr } from './float-repr.js';
import { type FormatSpec, group } from './format-spec.js';

/** A number laid out by a format specification (`'{:,.2f}'.format(x)`). */
export function formatNumber(value: Numeric, spec: FormatSpec): string {
  const integral = isIntLike(value);
  if (isIntLike(value) && 'bcdoxXn'.includes(spec.type || 'd')) return formatInt(BigInt(value), spec);
  if (!'eEfFgGn%'.includes(spec.type) && spec.type !== '') {
    throw new Failure(
      'ValueError',
      `Unknown format code '${spec.type}' for object of type '${integral ? 'int' : 'float'}'`,
    );
  }
  const double = asDouble(value);
  let body = floatBody(Math.abs(double), spec);
  let negative = double < 0 || Object.is(double, -0);
  if (spec.noNegativeZero && negative && !/[1-9]/.test(body)) negative = false;
  if (spec.alternate && !body.includes('.') && Number.isFinite(double)) body = body.replace(/^\d+/, '$&.');
  return layOut(negative, '', body, spec, 3);
}

function formatInt(value: bigint, spec: FormatSpec): string {
  if (spec.precision !== undefined)
    throw new Failure('ValueError', 'Precision not allowed in integer format specifier');
  if (spec.type === 'c') {
    if (spec.sign) throw new Failure('ValueError', "Sign not allowed with integer format specifier 'c'");
    if (value < 0n || value > 0x10ffffn) throw new Failure('OverflowError', '%c arg not in range(0x110000)');
    return padText(String.fromCodePoint(Number(value)), spec, '<');
  }
  const radix = { b: 2, o: 8, x: 16, X: 16 }[spec.type] ?? 10;
  if (radix !== 10 && spec.grouping === ',') throw new Failure('ValueError', `Cannot specify ',' with '${spec.type}'.`);
  if (spec.type === 'n' && spec.grouping)
    throw new Failure('ValueError', `Cannot specify '${spec.grouping}' with 'n'.`);
  let digits = (value < 0n ? -value : value).toString(radix);
  if (spec.type === 'X') digits = digits.toUpperCase();
  const prefix = spec.alternate && radix !== 10 ? `0${spec.type}` : '';
  return layOut(value < 0n, prefix, digits, spec, radix === 10 ? 3 : 4);
}

/** The digits of a float that is not negative, without sign. */
function floatBody(value: number, spec: FormatSpec): string {
  const upper = spec.type === 'E' || spec.type === 'F' || spec.type === 'G';
  if (!Number.isFinite(value))
    return `${upper ? floatRepr(value).toUpperCase() : floatRepr(value)}${spec.type === '%' ? '%' : ''}`;
  const precision = spec.precision ?? 6;
  if (spec.type === 'f' || spec.type === 'F') return fixedDigits(value, precision);
  if (spec.type === '%') return `${fixedDigits(value * 100, precision)}%`;
  let body: string;
  if (spec.type === 'e' || spec.type === 'E') body = exponential(value, precision);
  else if (spec.type === '' && spec.precision === undefined) body = floatRepr(value);
  else body = general(value, spec.type === '' ? (spec.precision ?? 0) : precision, spec.alternate, spec.type === '');
  return upper ? body.toUpperCase() : body;
}

export function exponential(value: number, precision: number): string {
  const { digits, point } = significantDigits(value, precision + 1);
  return mantissa(digits) + exponentText(value === 0 ? 0 : point - 1);
}

const mantissa = (digits: string) => (digits.length > 1 ? `${digits.slice(0, 1)}.${digits.slice(1)}` : digits);
const exponentText = (power: number) => `e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;

/** The `g` layout: fixed or exponential, whichever suits the size. `repr` keeps one digit after the point. */
export function general(value: number, precision: number, alternate = false, repr = false): string {
  const count = Math.max(1, precision);
  const { digits, point } = significantDigits(value, count);
  const power = value === 0 ? 0 : point - 1;
  const kept = alternate ? digits : digits.replace(/0+$/, '') || '0';
  if (power < -4 || power >= (repr ? count - 1 : count)) return mantissa(kept) + exponentText(power);
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${kept}`;
  const whole = kept.padEnd(power + 1, '0');
  const fraction = whole.slice(power + 1);
  if (fraction) return `${whole.slice(0, power + 1)}.${fraction}`;
  return repr ? `${whole}.0` : whole;
}

/** Sign, prefix, grouping and padding around the digits. */
function layOut(negative: boolean, prefix: string, body: string, spec: FormatSpec, groupSize: number): string {
  const sign = negative ? '-' : spec.sign === '+' || spec.sign === ' ' ? spec.sign : '';
  const [, whole = '', rest = ''] = /^([0-9a-zA-Z]*)(.*)$/s.exec(body) ?? [];
  const isNumber = /^[0-9a-fA-F]/.test(body) && !/^(?:inf|nan)/i.test(body);
  let digits = whole;
  const exponent = groupSize === 3 ? (/e.*$/i.exec(whole)?.[0] ?? '') : '';
  if (exponent) digits = whole.slice(0, -exponent.length);
  const tail = exponent + rest;
  let grouped = isNumber ? group(digits, spec.grouping, groupSize) : digits;
  if (spec.align === '=' && spec.fill === '0' && spec.grouping && isNumber) {
    // Zeros that fill the width are grouped too.
    while (sign.length + prefix.length + grouped.length + tail.length < spec.width) {
      digits = `0${digits}`;
      grouped = group(digits, spec.grouping, groupSize);
    }
  }
  const text = grouped + tail;
  if (spec.align !== '=') return padText(sign + prefix + text, spec, '>');
  const missing = spec.width - sign.length - prefix.length - text.length;
  return sign + prefix + spec.fill.repeat(Math.max(0, missing)) + text;
}

/** Pads text to the specification's width; `usual` is the side when none is named. */
export function padText(text: string, spec: FormatSpec, usual: '<' | '>'): string {
  const missing = spec.width - Array.from(text).length;
  if (missing <= 0) return text;
  const align = spec.align || usual;
  if (align === '<') return text + spec.fill.repeat(missing);
  if (align === '^') return spec.fill.repeat(missing >> 1) + text + spec.fill.repeat(missing - (missing >> 1));
  return spec.fill.repeat(missing) + text;
}
