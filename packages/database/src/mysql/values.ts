import { parseJson } from '@tidemark/protocol';
import { type Decode, LOST } from '../column.js';

// The text forms that MySQL and MariaDB write under the session settings of `clients.ts`. Values of binary types are base64.

export const decodeText: Decode = (text) => text;

/** Any number, digit for digit. */
export const decodeNumber: Decode = (text) => {
  const first = text.charCodeAt(text.charCodeAt(0) === 45 ? 1 : 0);
  if (!(first >= 48 && first <= 57)) return LOST;
  if (text.length < 16) return Number(text);
  // ZEROFILL; such columns have no sign.
  return parseJson(first === 48 ? text.replace(/^0+(?=\d)/, '') : text);
};

/** A float of four bytes, widened to a double by the server: the shortest number that is this float. */
export const decodeFloat: Decode = (text) => {
  const value = Number(text);
  if (!Number.isFinite(value)) return LOST;
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
};

/** `tinyint(1)`: 0 and 1. Any other number has no place in a boolean. */
export const decodeBoolean: Decode = (text) => (text === '1' ? true : text === '0' ? false : LOST);

/** `bit(1)`, one byte in base64. */
export const decodeBit: Decode = (text) => (text === 'AQ==' ? true : text === 'AA==' ? false : LOST);

/** `0000-00-00`, dates with a month or day 00 and days that no month has are no dates. */
export const decodeDate: Decode = (text) => (isDate(text) ? text : LOST);

/** `2024-01-02 03:04:05.1` → `2024-01-02T03:04:05.100000`. */
export const decodeDatetime: Decode = (text) =>
  isDate(text) && text.length >= 19 ? `${text.slice(0, 10)}T${micros(text.slice(11))}` : LOST;

/** The same with `Z`: the session is in UTC. */
export const decodeTimestamp: Decode = (text) => {
  const value = decodeDatetime(text);
  return typeof value === 'string' ? `${value}Z` : value;
};

/** A time of day; MySQL's may be negative or longer than a day, and is none then. */
export const decodeTime: Decode = (text) => (/^(?:[01]\d|2[0-3]):/.test(text) ? micros(text) : LOST);

function isDate(text: string): boolean {
  if (text.length < 10 || text.startsWith('00', 5) || text.startsWith('00', 8)) return false;
  const day = Number(text.slice(8, 10));
  return day <= 28 || day <= daysOf(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/** Six digits after the point, always. */
function micros(time: string): string {
  const point = time.indexOf('.');
  return point < 0 ? `${time}.000000` : time.padEnd(point + 7, '0');
}
