import { Failure, valueError } from '../error.js';
import { SPACE } from '../methods/text-kind.js';
import { repr } from '../operations/text.js';
import { DateTime } from '../values/date-time.js';
import { fixedZone, type Zone } from '../values/zone.js';
import { fromOrdinal, isoToOrdinal, toOrdinal, weekday } from './calendar.js';
import { DAYS, MONTHS, short } from './names.js';

/** Patterns of Python's strptime directives. */
const PATTERNS: Record<string, string> = {
  a: DAYS.map(short).join('|'),
  A: DAYS.slice()
    .sort((a, b) => b.length - a.length)
    .join('|'),
  b: MONTHS.map(short).join('|'),
  B: MONTHS.slice()
    .sort((a, b) => b.length - a.length)
    .join('|'),
  d: '3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9]',
  f: '\\d{1,6}',
  G: '\\d{4}',
  H: '2[0-3]|[0-1]\\d|\\d',
  I: '1[0-2]|0[1-9]|[1-9]',
  j: '36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
  m: '1[0-2]|0[1-9]|[1-9]',
  M: '[0-5]\\d|\\d',
  p: 'am|pm',
  S: '6[0-1]|[0-5]\\d|\\d',
  u: '[1-7]',
  U: '5[0-3]|[0-4]\\d|\\d',
  V: '5[0-3]|0[1-9]|[1-4]\\d|\\d',
  w: '[0-6]',
  W: '5[0-3]|[0-4]\\d|\\d',
  y: '\\d{2}',
  Y: '\\d{4}',
  z: '[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|Z',
  Z: 'utc|gmt',
};

/** Directives that stand for several. */
const COMPOSITES: Record<string, string> = { c: '%a %b %d %H:%M:%S %Y', x: '%m/%d/%y', X: '%H:%M:%S' };

/** Letters after `%` that mean something to `strptime`. */
export const SCAN_LETTERS: ReadonlySet<string> = new Set([...Object.keys(PATTERNS), ...Object.keys(COMPOSITES), '%']);

interface Scanner {
  pattern: RegExp;
  /** Directives in the order in which they stand in the format. */
  letters: string[];
}

/**
 * The pattern of a format. Each directive's match is bounded and the format is literal between, so it cannot run away.
 */
function compile(format: string): Scanner {
  const letters: string[] = [];
  let source = '';
  for (const [piece] of expand(format).matchAll(new RegExp(`%[\\s\\S]?|[${SPACE}]+|[^%${SPACE}]+`, 'gu'))) {
    if (piece === '%') throw valueError(`stray % in format '${format}'`);
    if (piece === '%%') source += '%';
    else if (piece.startsWith('%')) {
      const letter = piece.slice(1);
      const pattern = Object.hasOwn(PATTERNS, letter) ? PATTERNS[letter] : undefined;
      if (!pattern) throw valueError(`'${letter.trim() ? letter : '%'}' is a bad directive in format '${format}'`);
      if (letters.includes(letter)) throw new Failure('RegexError', `redefinition of group name '${letter}'`);
      letters.push(letter);
      source += `(${pattern})`;
    } else if (new RegExp(`^[${SPACE}]`).test(piece)) source += `[${SPACE}]+`;
    else source += piece.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
  }
  return { pattern: new RegExp(`^(?:${source})`, 'iu'), letters };
}

function expand(format: string): string {
  return format.replace(/%([\s\S])/gu, (whole, letter) => COMPOSITES[letter] ?? whole);
}

const CACHE_MAX = 500;
const cache = new Map<string, Scanner>();

/** A format of `strptime`, compiled: gives a datetime without zone unless `%z` read one. */
export function compileScan(format: string): (text: string) => DateTime {
  let scanner = cache.get(format);
  if (!scanner) {
    scanner = compile(format);
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(format, scanner);
  }
  const { pattern, letters } = scanner;
  return (text) => {
    const found = pattern.exec(text);
    if (!found) throw valueError(`time data ${repr(text)} does not match format ${repr(format)}`);
    if (found[0].length !== text.length) throw valueError(`unconverted data remains: ${text.slice(found[0].length)}`);
    const parts = new Map(letters.map((letter, index) => [letter, found[index + 1] ?? '']));
    if (parts.get('z') === 'z') throw valueError(`time data ${repr(text)} does not match format ${repr(format)}`);
    return assemble(parts);
  };
}

type Parts = Map<string, string>;

function assemble(parts: Parts): DateTime {
  const number = (letter: string) => (parts.has(letter) ? Number(parts.get(letter)) : undefined);
  const month = monthOf(parts) ?? 1;
  const day = number('d') ?? 1;
  let year = yearOf(parts);
  checkWeeks(parts, year);
  const leapDay = year === undefined && month === 2 && day === 29;
  year ??= leapDay ? 1904 : 1900;
  let ordinal = ordinalOf(parts, year) ?? toOrdinal(year, month, day);
  // A year is needed to tell that 29 February exists; what comes out is 1900 all the same, which then fails.
  if (leapDay && !parts.has('j')) ordinal = toOrdinal(1900, month, day);
  const { year: y, month: m, day: d } = fromOrdinal(ordinal);
  const fraction = Number((parts.get('f') ?? '').padEnd(6, '0'));
  return DateTime.at([y, m, d, hourOf(parts), number('M') ?? 0, number('S') ?? 0, fraction], zoneOf(parts));
}

function monthOf(parts: Parts): number | undefined {
  let month: number | undefined;
  for (const [letter, value] of parts) {
    const name = value.toLowerCase();
    if (letter === 'm') month = Number(value);
    if (letter === 'B') month = MONTHS.findIndex((full) => full.toLowerCase() === name) + 1;
    if (letter === 'b') month = MONTHS.findIndex((full) => short(full).toLowerCase() === name) + 1;
  }
  return month;
}

function yearOf(parts: Parts): number | undefined {
  let year: number | undefined;
  for (const [letter, value] of parts) {
    if (letter === 'Y') year = Number(value);
    if (letter === 'y') year = Number(value) + (Number(value) <= 68 ? 2000 : 1900);
  }
  return year;
}

function hourOf(parts: Parts): number {
  let hour = 0;
  for (const [letter, value] of parts) {
    if (letter === 'H') hour = Number(value);
    if (letter === 'I') {
      const afternoon = (parts.get('p') ?? '').toLowerCase() === 'pm';
      hour = (Number(value) % 12) + (afternoon ? 12 : 0);
    }
  }
  return hour;
}

/** Day of the week, Monday 0. */
function weekdayOf(parts: Parts): number | undefined {
  let day: number | undefined;
  for (const [letter, value] of parts) {
    const name = value.toLowerCase();
    if (letter === 'A') day = DAYS.findIndex((full) => full.toLowerCase() === name);
    if (letter === 'a') day = DAYS.findIndex((full) => short(full).toLowerCase() === name);
    if (letter === 'w') day = (Number(value) + 6) % 7;
    if (letter === 'u') day = Number(value) - 1;
  }
  return day;
}

function checkWeeks(parts: Parts, year: number | undefined): void {
  const hasDay = weekdayOf(parts) !== undefined;
  if (year === undefined && parts.has('G')) {
    if (!parts.has('V') || !hasDay)
      throw valueError("ISO year directive '%G' must be used with '%V' and a weekday directive");
    if (parts.has('j'))
      throw valueError("Day of the year directive '%j' is not compatible with ISO year directive '%G'");
  } else if (parts.has('V') && !parts.has('U') && !parts.has('W')) {
    throw valueError("ISO week directive '%V' must be used with the ISO year directive '%G' and a weekday directive");
  }
}

/** The day as week or day of the year tell it. */
function ordinalOf(parts: Parts, year: number): number | undefined {
  if (parts.has('j')) return toOrdinal(year, 1, 1) + Number(parts.get('j')) - 1;
  const day = weekdayOf(parts);
  if (day === undefined) return undefined;
  let week: [letter: string, value: number] | undefined;
  for (const [letter, value] of parts) if (letter === 'U' || letter === 'W') week = [letter, Number(value)];
  if (week) return weekOrdinal(year, week[1], day, week[0] === 'W');
  if (parts.has('G') && parts.has('V')) return isoToOrdinal(Number(parts.get('G')), Number(parts.get('V')), day + 1);
  return undefined;
}

function weekOrdinal(year: number, week: number, day: number, fromMonday: boolean): number {
  const first = weekday(toOrdinal(year, 1, 1));
  const firstDay = fromMonday ? first : (first + 1) % 7;
  const dayInWeek = fromMonday ? day : (day + 1) % 7;
  const before = (7 - firstDay) % 7;
  const dayOfYear = week === 0 ? 1 + dayInWeek - firstDay : before + 7 * (week - 1) + 1 + dayInWeek;
  return toOrdinal(year, 1, 1) + dayOfYear - 1;
}

function zoneOf(parts: Parts): Zone | undefined {
  const text = parts.get('z');
  if (text === undefined) return undefined;
  const name = parts.get('Z');
  if (text === 'Z') return fixedZone(0, name);
  const colon = text[3] === ':';
  if (colon && text.length > 6 && text[6] !== ':') throw valueError(`Inconsistent use of : in ${text}`);
  const [digits = '', fraction = ''] = text.slice(1).split('.');
  const compact = colon ? digits.replaceAll(':', '') : digits;
  const seconds =
    Number(compact.slice(0, 2)) * 3600 + Number(compact.slice(2, 4)) * 60 + Number(compact.slice(4, 6) || 0);
  const micros = seconds * 1_000_000 + Number(fraction.padEnd(6, '0'));
  if (micros >= 86_400_000_000) throw valueError('offset must be a timedelta strictly between -24 and 24 hours');
  return fixedZone(text.startsWith('-') ? -micros : micros, name);
}
