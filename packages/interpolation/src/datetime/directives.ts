import { spendSize } from '../budget.js';
import { Failure } from '../error.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { pad6 } from '../values/temporal.js';
import { type Clock, splitClock, type Time } from '../values/time.js';
import { offsetText, type Zone } from '../values/zone.js';
import { dayOfYear, EPOCH_ORDINAL, isoCalendar, toOrdinal, weekday, type YearMonthDay } from './calendar.js';
import { DAYS, MONTHS, short } from './names.js';

/** What a format's directives are filled from. */
interface Fields {
  ordinal: number;
  date: YearMonthDay;
  clock: Clock;
  zone: Zone | undefined;
}

interface Directive {
  /** Digits of a number, or undefined for text. */
  digits?: number;
  pad?: '0' | ' ';
  /** The modifiers (`%Ey`, `%Od`) that the C library accepts before it; they change nothing in the C locale. */
  modifiers?: string;
  value(fields: Fields): number | string;
}

const sundayWeek = ({ ordinal, date: { year, month, day } }: Fields) =>
  Math.floor((dayOfYear(year, month, day) + 6 - ((weekday(ordinal) + 1) % 7)) / 7);
const mondayWeek = ({ ordinal, date: { year, month, day } }: Fields) =>
  Math.floor((dayOfYear(year, month, day) + 6 - weekday(ordinal)) / 7);
const hour12 = ({ clock: { hour } }: Fields) => hour % 12 || 12;
const composite = (format: string, modifiers = ''): Directive => {
  let compiled: ((fields: Fields) => string) | undefined;
  return {
    modifiers,
    value: (fields) => {
      compiled ??= compile(format);
      return compiled(fields);
    },
  };
};

/** Seconds since the epoch of the wall time, as if it were UTC: the C library ignores the zone. */
const wallSeconds = ({ ordinal, clock: { hour, minute, second } }: Fields) =>
  (ordinal - EPOCH_ORDINAL) * 86_400 + hour * 3600 + minute * 60 + second;

/** The directives of glibc's strftime, and Python's `%f`, `%z` and `%Z`. */
const DIRECTIVES: Record<string, Directive> = {
  a: { value: ({ ordinal }) => short(DAYS[weekday(ordinal)] ?? '') },
  A: { value: ({ ordinal }) => DAYS[weekday(ordinal)] ?? '' },
  b: { value: ({ date }) => short(MONTHS[date.month - 1] ?? '') },
  B: { value: ({ date }) => MONTHS[date.month - 1] ?? '', modifiers: 'O' },
  c: composite('%a %b %e %H:%M:%S %Y', 'E'),
  C: { digits: 1, value: ({ date }) => Math.floor(date.year / 100), modifiers: 'E' },
  d: { digits: 2, value: ({ date }) => date.day, modifiers: 'O' },
  D: composite('%m/%d/%y'),
  e: { digits: 2, pad: ' ', value: ({ date }) => date.day, modifiers: 'O' },
  F: composite('%Y-%m-%d'),
  g: { digits: 2, value: ({ ordinal }) => isoCalendar(ordinal)[0] % 100, modifiers: 'O' },
  G: { digits: 1, value: ({ ordinal }) => isoCalendar(ordinal)[0], modifiers: 'O' },
  h: { value: ({ date }) => short(MONTHS[date.month - 1] ?? ''), modifiers: 'O' },
  H: { digits: 2, value: ({ clock }) => clock.hour, modifiers: 'O' },
  I: { digits: 2, value: hour12, modifiers: 'O' },
  j: { digits: 3, value: ({ date: { year, month, day } }) => dayOfYear(year, month, day) },
  k: { digits: 2, pad: ' ', value: ({ clock }) => clock.hour, modifiers: 'O' },
  l: { digits: 2, pad: ' ', value: hour12, modifiers: 'O' },
  m: { digits: 2, value: ({ date }) => date.month, modifiers: 'O' },
  M: { digits: 2, value: ({ clock }) => clock.minute, modifiers: 'O' },
  n: { value: () => '\n' },
  p: { value: ({ clock }) => (clock.hour < 12 ? 'AM' : 'PM') },
  P: { value: ({ clock }) => (clock.hour < 12 ? 'am' : 'pm') },
  r: composite('%I:%M:%S %p'),
  R: composite('%H:%M'),
  s: { digits: 1, value: wallSeconds },
  S: { digits: 2, value: ({ clock }) => clock.second, modifiers: 'O' },
  t: { value: () => '\t' },
  T: composite('%H:%M:%S'),
  u: { digits: 1, value: ({ ordinal }) => weekday(ordinal) + 1, modifiers: 'O' },
  U: { digits: 2, value: sundayWeek, modifiers: 'O' },
  V: { digits: 2, value: ({ ordinal }) => isoCalendar(ordinal)[1], modifiers: 'O' },
  w: { digits: 1, value: ({ ordinal }) => (weekday(ordinal) + 1) % 7, modifiers: 'O' },
  W: { digits: 2, value: mondayWeek, modifiers: 'O' },
  x: composite('%m/%d/%y', 'E'),
  X: composite('%H:%M:%S', 'E'),
  y: { digits: 2, value: ({ date }) => date.year % 100, modifiers: 'EO' },
  Y: { digits: 1, value: ({ date }) => date.year, modifiers: 'E' },
  // The bare ones are Python's; with flags the C library answers, which only knows of a zone that knows of summer time.
  z: { value: ({ zone }) => (zone?.type === 'UTC' ? '+0000' : ''), modifiers: 'EO' },
  Z: { value: ({ zone }) => (zone?.type === 'UTC' ? 'UTC' : '') },
  '%': { value: () => '%' },
};

/** Python's own: they take no flags and no width. */
const BARE: Record<string, (fields: Fields) => string> = {
  f: ({ clock }) => pad6(clock.microsecond),
  z: ({ zone }) => (zone ? offsetText(zone.offsetMicros, '') : ''),
  Z: ({ zone }) => zone?.name ?? '',
};

const PIECE = /%([-_0^#]*)(\d*)([EO]?)([\s\S])|[^%]+|%/gu;
const WIDTH_MAX = 10_000;

type Piece = (fields: Fields) => string;

function compile(format: string): Piece {
  const pieces: Piece[] = [];
  // The C library stops at a NUL.
  const [visible = ''] = format.split('\0', 1);
  for (const [whole, flags = '', width = '', modifier = '', letter] of visible.matchAll(PIECE)) {
    const directive = letter === undefined ? undefined : DIRECTIVES[letter];
    const bare = whole.length === 2 && letter !== undefined ? BARE[letter] : undefined;
    if (bare) pieces.push(bare);
    else if (
      !directive ||
      !Object.hasOwn(DIRECTIVES, letter ?? '') ||
      (modifier && !directive.modifiers?.includes(modifier))
    )
      pieces.push(() => whole);
    else pieces.push(layOut(directive, letter ?? '', flags, Number(width)));
  }
  if (pieces.length === 1 && pieces[0]) return pieces[0];
  return (fields) => {
    let out = '';
    for (const piece of pieces) out += piece(fields);
    return out;
  };
}

function layOut(directive: Directive, letter: string, flags: string, width: number): Piece {
  const { digits, value } = directive;
  const wide = Math.min(width, WIDTH_MAX);
  const flag = [...flags].reverse().find((char) => char === '-' || char === '_' || char === '0');
  if (digits !== undefined) {
    const pad = flag === '_' ? ' ' : flag === '0' ? '0' : flag === '-' ? '' : (directive.pad ?? '0');
    const least = pad === '' ? wide : Math.max(wide, digits);
    return (fields) => {
      const number = value(fields) as number;
      const body = String(Math.abs(number)).padStart(number < 0 ? least - 1 : least, pad || ' ');
      return number < 0 ? `-${body}` : body;
    };
  }
  const upper = flags.includes('^') || (flags.includes('#') && 'aAbBh'.includes(letter));
  const lower = flags.includes('#') && (letter === 'p' || letter === 'Z');
  return (fields) => {
    const text = value(fields) as string;
    const cased = upper ? text.toUpperCase() : lower ? text.toLowerCase() : text;
    return wide > cased.length && (letter !== 'z' || cased !== '')
      ? cased.padStart(wide, flag === '0' ? '0' : ' ')
      : cased;
  };
}

/** The day that stands behind a bare time. */
const TIME_ORDINAL = toOrdinal(1900, 1, 1);
const TIME_DATE: YearMonthDay = { year: 1900, month: 1, day: 1 };

function fieldsOf(value: PyDate | Time): Fields {
  if (value instanceof DateTime)
    return { ordinal: value.ordinal, date: value.date, clock: value.clock, zone: value.zone };
  if (value instanceof PyDate)
    return { ordinal: value.ordinal, date: value.date, clock: splitClock(0), zone: undefined };
  return { ordinal: TIME_ORDINAL, date: TIME_DATE, clock: value.clock, zone: value.zone };
}

const CACHE_MAX = 500;
const cache = new Map<string, (value: PyDate | Time) => string>();

/** A strftime format, compiled: Python 3.11 on glibc, C locale, local time UTC. */
export function compileDirectives(format: string): (value: PyDate | Time) => string {
  let compiled = cache.get(format);
  if (!compiled) {
    if (/\p{Surrogate}/u.test(format)) throw new Failure('UnicodeError', 'surrogates not allowed');
    const piece = compile(format);
    compiled = (value) => {
      const out = piece(fieldsOf(value));
      if (out.length > WIDTH_MAX) spendSize(out.length);
      return out;
    };
    if (cache.size >= CACHE_MAX) cache.clear();
    cache.set(format, compiled);
  }
  return compiled;
}

/** Letters after `%` that mean something to `strftime`. */
export const FORMAT_LETTERS: ReadonlySet<string> = new Set([...Object.keys(DIRECTIVES), 'f']);
