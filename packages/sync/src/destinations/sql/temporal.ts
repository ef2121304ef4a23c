/**
 * Dates and times as texts, read to days and microseconds. Lenient in what the field's APIs really send (a blank for
 * the T, no colon or no minutes in the zone, a date alone, year to nanosecond digits, `BC` at the end as PostgreSQL writes it),
 * strict in the calendar.
 */

const DAY_MICROS = 86_400_000_000;
/** Days that 32 bits count, and those whose microseconds 64 bits count: both sides of 1970-01-01. */
const DAYS_MAX = 2_147_483_640;
const MOMENT_DAYS_MAX = 106_751_990;
const SHAPE =
  /^\s*([+-]?\d{4,7})-(\d{1,2})-(\d{1,2})(?:[Tt ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(?:([Zz])|UTC|GMT|([+-])(\d{2}):?(\d{2})?)?\s*(BC)?\s*$/;
const TIME = /^\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*[Zz]?\s*$/;

/** A moment: whole days since 1970-01-01 and microseconds of that day, so that no double is asked for more than 2^53. */
export interface Moment {
  days: number;
  micros: number;
  /** Digits beyond the microsecond were cut off. */
  cut: boolean;
}

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 in the proleptic Gregorian calendar; undefined when there is no such day. */
export function daysOf(year: number, month: number, day: number): number | undefined {
  if (Number.isNaN(year) || month < 1 || month > 12 || day < 1) return undefined;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (day > MONTHS[month - 1]! + (leap && month === 2 ? 1 : 0)) return undefined;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** A day as year, month and day of the proleptic Gregorian calendar: the inverse of `daysOf`. */
export function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const part = Math.floor((5 * dayOfYear + 2) / 153);
  const month = part < 10 ? part + 3 : part - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * part + 2) / 5) + 1,
  };
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** A time of day as `HH:MM:SS`, with up to six digits after the point where there are any. */
export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const fraction = micros - seconds * 1e6;
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
}

function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

let dayText = '';
let dayNumber: number | undefined;

/** `YYYY-MM-DD` to days; remembers the last one, since a page's rows are mostly of the same days. */
function isoDay(text: string): number | undefined {
  const part = text.slice(0, 10);
  if (part === dayText) return dayNumber;
  if (part.charCodeAt(4) !== 45 || part.charCodeAt(7) !== 45) return undefined;
  dayText = part;
  dayNumber = daysOf(digits(part, 0, 4), digits(part, 5, 2), digits(part, 8, 2));
  return dayNumber;
}

/** Nearly every text is `YYYY-MM-DDTHH:MM:SS`, some with six digits of a fraction, some with a Z: no regular expression for those. */
function plainMoment(text: string): Moment | undefined {
  const length = text.charCodeAt(text.length - 1) === 90 ? text.length - 1 : text.length;
  if (
    (length !== 19 && length !== 26) ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58 ||
    (length === 26 && text.charCodeAt(19) !== 46)
  )
    return undefined;
  const days = isoDay(text);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const fraction = length === 26 ? digits(text, 20, 6) : 0;
  // What is no number is less than nothing.
  if (days === undefined || !(hour < 24 && minute < 60 && second < 60 && fraction < 1e6)) return undefined;
  return { days, micros: ((hour * 60 + minute) * 60 + second) * 1e6 + fraction, cut: false };
}

/** Text to moment. A zone is applied; a text without one is taken as UTC. */
export function parseMoment(text: string): Moment | undefined {
  const plain = plainMoment(text);
  if (plain) return plain;
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    ,
    sign,
    zoneHour = '0',
    zoneMinute = '0',
    era,
  ] = match;
  const days = daysOf(yearOf(year!, era), Number(month), Number(day));
  if (days === undefined || Math.abs(days) > MOMENT_DAYS_MAX) return undefined;
  const micros = microsOf(hour, minute, second, fraction);
  if (micros === undefined) return undefined;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000_000 * (sign === '-' ? -1 : 1);
  return normal(days, micros - zone, /[1-9]/.test(fraction.slice(6)));
}

/** As astronomers count: the year before 1 is 0, which is 1 BC. NaN for a year 0 before Christ, which there is not. */
function yearOf(text: string, era: string | undefined): number {
  const year = Number(text);
  if (era === undefined) return year;
  return year >= 1 ? 1 - year : Number.NaN;
}

/** 1 and -1 for the ends of time, which PostgreSQL and DuckDB know: `Infinity` and `-Infinity`, or so in small letters. */
export function endOfTime(value: unknown): 1 | -1 | undefined {
  if (value === 'Infinity' || value === 'infinity') return 1;
  return value === '-Infinity' || value === '-infinity' ? -1 : undefined;
}

function normal(days: number, micros: number, cut: boolean): Moment {
  const over = Math.floor(micros / DAY_MICROS);
  return { days: days + over, micros: micros - over * DAY_MICROS, cut };
}

function microsOf(hour: string, minute: string, second: string, fraction: string): number | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  // 24:00:00 is the end of the day and 60 a leap second: both carry over.
  if (h > 24 || m > 59 || s > 60 || (h === 24 && (m > 0 || s > 0))) return undefined;
  return ((h * 60 + m) * 60 + s) * 1e6 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Text to day; a time of day that is not midnight is cut off. The day is the one that is written, whatever the zone. */
export function parseDays(text: string): { days: number; cut: boolean } | undefined {
  if (text.length === 10) {
    const days = isoDay(text);
    if (days !== undefined) return { days, cut: false };
  }
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const days = daysOf(yearOf(match[1]!, match[12]), Number(match[2]), Number(match[3]));
  if (days === undefined || Math.abs(days) > DAYS_MAX) return undefined;
  return { days, cut: [match[4], match[5], match[6], match[7]].some((part) => Number(part ?? 0) !== 0) };
}

/** Text of a time of day to microseconds. */
export function parseTime(text: string): { micros: number; cut: boolean } | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const micros = microsOf(match[1]!, match[2]!, match[3] ?? '0', match[4] ?? '');
  return micros === undefined || micros > DAY_MICROS
    ? undefined
    : { micros, cut: /[1-9]/.test((match[4] ?? '').slice(6)) };
}

/** Writes a moment as the 64-bit count of microseconds, in two halves: no BigInt for each row. */
export function writeMicros(words: Uint32Array, at: number, days: number, micros: number): void {
  // days * DAY_MICROS does not fit a double for far years: multiplied in halves of the day count's product.
  const exact = days * DAY_MICROS + micros;
  if (Number.isSafeInteger(exact)) {
    words[at] = exact >>> 0;
    words[at + 1] = Math.floor(exact / 0x100000000) >>> 0;
    return;
  }
  const value = BigInt.asUintN(64, BigInt(days) * BigInt(DAY_MICROS) + BigInt(micros));
  words[at] = Number(value & 0xffffffffn);
  words[at + 1] = Number(value >> 32n);
}
