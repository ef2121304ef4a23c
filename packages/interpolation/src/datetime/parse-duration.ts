import { Failure } from '../error.js';
import { quote } from '../formatting/quote.js';
import { Duration } from '../values/duration.js';
import { TimeDelta } from '../values/time-delta.js';

const NUMBER = '([0-9]+(?:[,.][0-9]+)?)';
const PERIOD = new RegExp(
  `^([+-])?P(?=\\w)(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?\\n?$`,
);

/**
 * An ISO 8601 duration (`P1DT2H`, `-P2W`, `P1Y6M`), any part with a fraction. With years or months it is a
 * `Duration`, else a span of fixed length. The rules are isodate's.
 */
export function parseDuration(text: string): TimeDelta | Duration {
  const found = PERIOD.exec(text);
  if (!found) return parseAlternative(text);
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(2)
    .map((part) => (part === undefined ? 0 : Number(part.replace(',', '.'))));
  const span = spanOf({ days: days + weeks * 7, seconds: hours * 3600 + minutes * 60 + seconds });
  const negative = found[1] === '-';
  const rest = negative ? TimeDelta.fromMicros(-span.total()) : span;
  if (years === 0 && months === 0) return rest;
  return negative ? new Duration(-years, -months, rest) : new Duration(years, months, rest);
}

function spanOf({ days, seconds }: { days: number; seconds: number }): TimeDelta {
  const wholeDays = Math.trunc(days);
  const total = (days - wholeDays) * 86_400 + seconds;
  const wholeSeconds = Math.trunc(total);
  const micros = roundToEven((total - wholeSeconds) * 1_000_000);
  return TimeDelta.fromMicros(BigInt(wholeDays) * 86_400_000_000n + BigInt(wholeSeconds) * 1_000_000n + BigInt(micros));
}

/** The nearest whole number, halves to the even one. */
export function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const ALTERNATIVE = /^P(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(?:[.,](\d{1,6})\d*)?$/;

/** The form of a date and time, `P0001-02-03T04:05:06`. */
function parseAlternative(text: string): Duration {
  const found = ALTERNATIVE.exec(text);
  if (!found) throw new Failure('ISO8601Error', `Unable to parse duration string ${quote(text)}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) {
    throw new Failure('ValueError', `Unable to parse duration string ${quote(text)}`);
  }
  const micros = BigInt((found[7] ?? '').padEnd(6, '0') || 0);
  const seconds = BigInt(day * 86_400 + hour * 3600 + minute * 60 + second);
  return new Duration(year, month, TimeDelta.fromMicros(seconds * 1_000_000n + micros));
}
