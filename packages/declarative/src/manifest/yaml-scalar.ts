/**
 * What a plain (unquoted) scalar means in YAML 1.1 as manifests are read: yes/no/on/off, octal, base 60, dates.
 * A date stays a text, in the form in which it would be written as JSON.
 */
export type Scalar = null | boolean | number | bigint | string;

/** Thrown for a scalar that has the shape of a value without being one, such as the date 2024-13-01. */
export class BadScalar extends Error {}

const BOOLEANS = new Map<string, boolean>();
for (const word of ['yes', 'true', 'on']) for (const form of spellings(word)) BOOLEANS.set(form, true);
for (const word of ['no', 'false', 'off']) for (const form of spellings(word)) BOOLEANS.set(form, false);
const NULLS = new Set(['', '~', ...spellings('null')]);

const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const TIMESTAMP =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(?:(Z)|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$/;
const SHORT_DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

function spellings(word: string): string[] {
  return [word, word.charAt(0).toUpperCase() + word.slice(1), word.toUpperCase()];
}

/** The value of a plain scalar. */
export function plainScalar(text: string): Scalar {
  if (text.length > 64) return /^[-+.0-9]/.test(text) ? numeric(text) : text;
  const first = text.charCodeAt(0);
  if (Number.isNaN(first) || first === 126 /* ~ */) return NULLS.has(text) ? null : text;
  if (first <= 57) return first >= 48 || first === 43 || first === 45 || first === 46 ? numeric(text) : text;
  if (text.length > 5) return text;
  if (text === '=' || text === '<<')
    throw new BadScalar(`'${text}' has a meaning of its own in YAML and must be quoted to be a text`);
  const truth = BOOLEANS.get(text);
  if (truth !== undefined) return truth;
  return NULLS.has(text) ? null : text;
}

function numeric(text: string): Scalar {
  if (FLOAT.test(text)) return float(text);
  if (INTEGER.test(text)) return integer(text);
  const match = text.length <= 64 ? TIMESTAMP.exec(text) : null;
  // A date alone needs two digits for month and day; with a time, one is enough.
  return match && (match[4] !== undefined || SHORT_DATE.test(text)) ? timestamp(match) : text;
}

/** The value of a scalar that is tagged `!!int`, or looks like one. */
export function integer(text: string): number | bigint {
  let digits = text.replaceAll('_', '');
  const negative = digits.startsWith('-');
  if (negative || digits.startsWith('+')) digits = digits.slice(1);
  const value = magnitude(digits, text);
  const signed = negative ? -value : value;
  return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(signed)
    : signed;
}

function magnitude(digits: string, text: string): bigint {
  if (digits.length > 4300) throw new BadScalar(`the number ${text.slice(0, 20)}… has ${digits.length} digits`);
  if (/^0[bx]/.test(digits) && digits.length > 2) return BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  if (/^[0-9]+$/.test(digits)) return BigInt(digits);
  if (/^[0-9]+(:[0-9]+)+$/.test(digits)) return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  throw new BadScalar(`'${text}' is not an integer`);
}

/** The value of a scalar that is tagged `!!float`, or looks like one. */
export function float(text: string): number {
  let digits = text.replaceAll('_', '').toLowerCase();
  const sign = digits.startsWith('-') ? -1 : 1;
  if (/^[-+]/.test(digits)) digits = digits.slice(1);
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY;
  if (digits === '.nan') return Number.NaN;
  const parts = digits.split(':');
  if (!parts.every((part) => /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/.test(part)))
    throw new BadScalar(`'${text}' is not a number`);
  return sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** The value of a scalar that is tagged `!!bool`. */
export function boolean(text: string): boolean {
  const value = BOOLEANS.get(text) ?? BOOLEANS.get(text.toLowerCase());
  if (value === undefined) throw new BadScalar(`'${text}' is not a boolean`);
  return value;
}

function timestamp(match: RegExpExecArray): string {
  const [text, year, month, day, hour, minute, second, fraction, zulu, sign, zoneHour, zoneMinute] = match;
  const date = `${year}-${pad(month)}-${pad(day)}`;
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) {
    throw new BadScalar(`'${text}' is not a date (quote it if it is meant as text)`);
  }
  if (hour === undefined) return date;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(zoneHour ?? 0) > 23) {
    throw new BadScalar(`'${text}' is not a time (quote it if it is meant as text)`);
  }
  const micros = fraction ? fraction.slice(0, 6).padEnd(6, '0') : '';
  const shownMicros = Number(micros) === 0 ? '' : `.${micros}`;
  const zone = zulu ? '+00:00' : zoneHour === undefined ? '' : zoneText(sign as string, zoneHour, zoneMinute ?? '00');
  return `${date}T${pad(hour)}:${minute}:${second}${shownMicros}${zone}`;
}

function zoneText(sign: string, hour: string, minute: string): string {
  return Number(hour) === 0 && Number(minute) === 0 ? '+00:00' : `${sign}${pad(hour)}:${minute}`;
}

function pad(digits: string | undefined): string {
  return (digits ?? '').padStart(2, '0');
}

function daysIn(year: number, month: number): number {
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; leap years repeat every 400 years.
  return year === 0 ? 0 : new Date(Date.UTC((year % 400) + 400 + 1600, month, 0)).getUTCDate();
}
