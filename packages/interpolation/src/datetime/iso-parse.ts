import { valueError } from '../error.js';
import { parseIntText } from '../operations/convert.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { fixedZone, UTC, type Zone } from '../values/zone.js';
import { isLeap, isoToOrdinal, toOrdinal } from './calendar.js';

/** A whole number as dateutil reads it: with Python's `int`, which takes signs, spaces and underscores. */
const whole = (text: string) => Number(parseIntText(text, 10));

/**
 * An ISO 8601 date or datetime as dateutil's `isoparse` takes it: `2024`, `2024-02`, `2024-02-26`, `20240226`, weeks
 * (`2024-W09-1`) and days of the year (`2024-057`), then any one character, then a time with or without colons, with a
 * fraction and an offset. Without an offset the result has no zone.
 */
export function parseIso(text: string): DateTime {
  const common = COMMON.exec(text);
  if (common) return fromParts(common);
  if (/[^\0-\x7f]/.test(text)) throw valueError('ISO-8601 strings should contain only ASCII characters');
  const [date, end] = parseDate(text);
  if (text.length <= end) return DateTime.at(date);
  const { parts, zone } = parseTime(text.slice(end + 1));
  const [hour = 0, minute = 0, second = 0, micros = 0] = parts;
  if (hour !== 24) return DateTime.at([...date, hour, minute, second, micros], zone);
  if (minute || second || micros) throw valueError('Hour may only be 24 at 24:00:00.000');
  return new DateTime(toOrdinal(...date) + 1, 0, zone);
}

/** What nearly all texts look like. It only saves time: the long way reads them the same. */
const COMMON = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](?!24)(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:?\d{2})?)?$/;

function fromParts([
  ,
  year,
  month,
  day,
  hour = '0',
  minute = '0',
  second = '0',
  fraction = '',
  zone,
]: RegExpExecArray): DateTime {
  const micros = fraction === '' ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0'));
  const offset = zone === undefined ? undefined : parseOffset(zone);
  return DateTime.at(
    [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), micros],
    offset,
  );
}

type Date3 = [year: number, month: number, day: number];

function parseDate(text: string): [Date3, end: number] {
  return commonDate(text) ?? rareDate(text);
}

/** Year, year and month, or year, month and day. A wrong number is for the other reading to try. */
function commonDate(text: string): [Date3, end: number] | undefined {
  if (text.length < 4) throw valueError('ISO string too short');
  const year = whole(text.slice(0, 4));
  if (text.length === 4) return [[year, 1, 1], 4];
  const dashed = text[4] === '-';
  let at = dashed ? 5 : 4;
  const month = tryWhole(text, at);
  if (month === undefined) return undefined;
  at += 2;
  if (at >= text.length) return dashed ? [[year, month, 1], at] : undefined;
  if (dashed) {
    if (text[at] !== '-') return undefined;
    at++;
  }
  const day = tryWhole(text, at);
  return day === undefined ? undefined : [[year, month, day], at + 2];
}

function tryWhole(text: string, at: number): number | undefined {
  if (text.length - at < 2) return undefined;
  try {
    return whole(text.slice(at, at + 2));
  } catch {
    return undefined;
  }
}

/** A week with or without its day, or a day of the year. */
function rareDate(text: string): [Date3, end: number] {
  const year = whole(text.slice(0, 4));
  const dashed = text[4] === '-';
  let at = dashed ? 5 : 4;
  if (text[at] === 'W') {
    const week = whole(text.slice(at + 1, at + 3));
    at += 3;
    let day = 1;
    if (text.length > at) {
      if ((text[at] === '-') !== dashed) throw valueError('Inconsistent use of dash separator');
      if (dashed) at++;
      day = whole(text.slice(at, at + 1));
      at++;
    }
    if (!(week > 0 && week < 54)) throw valueError(`Invalid week: ${week}`);
    if (!(day > 0 && day < 8)) throw valueError(`Invalid weekday: ${day}`);
    return [split(isoToOrdinal(year, week, day)), at];
  }
  if (text.length - at < 3) throw valueError('Invalid ordinal day');
  const dayOfYear = whole(text.slice(at, at + 3));
  if (dayOfYear < 1 || dayOfYear > (isLeap(year) ? 366 : 365))
    throw valueError(`Invalid ordinal day ${dayOfYear} for year ${year}`);
  return [split(toOrdinal(year, 1, 1) + dayOfYear - 1), at + 3];
}

function split(ordinal: number): Date3 {
  const { year, month, day } = new PyDate(ordinal).date;
  return [year, month, day];
}

function parseTime(text: string): { parts: number[]; zone: Zone | undefined } {
  if (text.length < 2) throw valueError('ISO time too short');
  const parts = [0, 0, 0, 0];
  let zone: Zone | undefined;
  let colons = false;
  let at = 0;
  for (let index = 0; at < text.length && index <= 5; index++) {
    if (/[-+Zz]/.test(text[at] ?? '')) {
      zone = parseOffset(text.slice(at));
      at = text.length;
      break;
    }
    if (index === 1 && text[at] === ':') {
      colons = true;
      at++;
    } else if (index === 2 && colons) {
      if (text[at] !== ':') throw valueError('Inconsistent use of colon separator');
      at++;
    }
    if (index < 3) {
      parts[index] = whole(text.slice(at, at + 2));
      at += 2;
    } else if (index === 3) {
      const fraction = /^[.,]([0-9]+)/.exec(text.slice(at));
      if (!fraction) continue;
      parts[3] = Number((fraction[1] ?? '').slice(0, 6).padEnd(6, '0'));
      at += fraction[0].length;
    }
  }
  if (at < text.length) throw valueError('Unused components in ISO string');
  return { parts, zone };
}

function parseOffset(text: string): Zone {
  if (text === 'Z' || text === 'z') return UTC;
  if (text.length !== 3 && text.length !== 5 && text.length !== 6)
    throw valueError('Time zone offset must be 1, 3, 5 or 6 characters');
  if (!/^[+-]/.test(text)) throw valueError('Time zone offset requires sign');
  const hours = whole(text.slice(1, 3));
  const minutes = text.length === 3 ? 0 : whole(text.slice(text[3] === ':' ? 4 : 3));
  if (hours === 0 && minutes === 0) return UTC;
  if (minutes > 59) throw valueError('Invalid minutes in time zone offset');
  if (hours > 23) throw valueError('Invalid hours in time zone offset');
  return fixedZone((text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000_000);
}
