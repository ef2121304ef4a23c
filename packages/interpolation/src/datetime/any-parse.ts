import { valueError } from '../error.js';
import { DateTime } from '../values/date-time.js';
import { fixedZone, UTC, type Zone } from '../values/zone.js';
import { MONTHS, short } from './names.js';
import { fromTimestamp } from './timestamp.js';

const YEAR_FIRST = '(?<y>\\d{4})[-/](?<m>\\d{1,2})[-/](?<d>\\d{1,2})';
const MONTH_FIRST = '(?<m2>\\d{1,2})[-/](?<d2>\\d{1,2})[-/](?<y2>\\d{4}|\\d{2})';
const NAMED = '(?<d3>\\d{1,2})[- ](?<name>[A-Za-z]{3,9})[- ](?<y3>\\d{4})';
const TIME = '(?<h>\\d{1,2}):(?<min>\\d{2})(?::(?<s>\\d{2})(?:[.,](?<f>\\d+))?)?(?: ?(?<half>[AaPp][Mm]))?';
const ZONE = '(?<z>Z|z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?)';
const TEXT = new RegExp(`^(?:${YEAR_FIRST}|${MONTH_FIRST}|${NAMED})(?:(?:[Tt]| +)${TIME} ?${ZONE}?)?$`);

/**
 * Reads a datetime whose format nobody names, as the reference does for token expiries and the like
 * (`ab_datetime_parse`): whole seconds since 1970, a date, or a date and time in the common orders. Of what dateutil
 * guesses beyond that, nothing. Without an offset it is UTC.
 */
export function parseAny(text: string): DateTime {
  const trimmed = text.trim();
  if (/^-?\d+$/.test(text)) return epochSeconds(text);
  if (text.includes(':') && count(text, '-') < 2 && count(text, '/') < 2)
    throw valueError(`Missing date part in datetime string: ${text}`);
  const groups = TEXT.exec(trimmed)?.groups;
  if (!groups) throw valueError(`Could not parse datetime string: ${text}`);
  return DateTime.at([...dateOf(groups), ...timeOf(groups)], zoneOf(groups.z));
}

type Groups = Record<string, string | undefined>;

const count = (text: string, char: string) => text.split(char).length - 1;

function epochSeconds(text: string): DateTime {
  const seconds = BigInt(text);
  if (seconds < 0n) throw valueError('Timestamp cannot be negative');
  if (String(seconds).length > 10) throw valueError('Timestamp value too large');
  return fromTimestamp(seconds);
}

/** Of two numbers before the year the first is the month, unless it cannot be one. */
function dateOf({ y, m, d, m2, d2, y2, d3, name, y3 }: Groups): [number, number, number] {
  if (y !== undefined) return [Number(y), Number(m), Number(d)];
  if (y2 === undefined) return [Number(y3), monthNamed(name ?? ''), Number(d3)];
  const year = y2.length === 2 ? 2000 + Number(y2) : Number(y2);
  return Number(m2) > 12 ? [year, Number(d2), Number(m2)] : [year, Number(m2), Number(d2)];
}

function monthNamed(name: string): number {
  const lower = name.toLowerCase();
  const index = MONTHS.findIndex((month) => [month, short(month)].some((known) => known.toLowerCase() === lower));
  if (index < 0) throw valueError(`Unknown month: ${name}`);
  return index + 1;
}

function timeOf({ h = '0', min = '0', s = '0', f = '', half }: Groups): [number, number, number, number] {
  const hour = half === undefined ? Number(h) : (Number(h) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  return [hour, Number(min), Number(s), Number(f.slice(0, 6).padEnd(6, '0'))];
}

function zoneOf(text: string | undefined): Zone {
  if (text === undefined || !/^[+-]/.test(text)) return UTC;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(text) ?? [];
  return fixedZone((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000_000);
}
