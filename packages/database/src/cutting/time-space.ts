import { between, type KeySpace } from './key-space.js';

// Everything is counted in steps of 100 ns: the finest that a server keeps.
const DIGITS = 7;
const SECOND = 10_000_000n;
const MOMENT = /^(\d{4,6})-(\d\d)-(\d\d)(?:([ T])(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?)?(Z|\+00)?$/;
const TIME = /^(-?)(\d{2,3}):(\d\d):(\d\d)(?:\.(\d{1,7}))?$/;

/** Days, and moments with and without a time zone (UTC), in the form of the two that they lie between. */
export const MOMENTS: KeySpace = {
  at(lo, hi, share) {
    const [from, to] = [momentOf(lo), momentOf(hi)];
    const form = MOMENT.exec(MOMENT.test(lo) ? lo : hi);
    if (from === undefined || to === undefined || !form) return undefined;
    const step = form[4] === undefined ? SECOND * 86_400n : unit(lo, hi);
    const value = floor(between(from, to, share), step);
    if (value <= from || value >= to) return undefined;
    const seconds = floor(value, SECOND) / SECOND;
    const iso = new Date(Number(seconds) * 1000).toISOString();
    const year = /^\+0*(\d+)(.*)$/.exec(iso);
    const text = year ? year[1] + year[2]! : iso;
    const [day, time] = text.split('T') as [string, string];
    if (form[4] === undefined) return day;
    return `${day}${form[4]}${time.slice(0, 8)}${fraction(value - seconds * SECOND, digitsOf(lo, hi))}${form[9] ?? ''}`;
  },
};

/** Times of day, and MySQL's spans: `-838:59:59.000001`. */
export const TIMES: KeySpace = {
  at(lo, hi, share) {
    const [from, to] = [timeOf(lo), timeOf(hi)];
    if (from === undefined || to === undefined) return undefined;
    const value = floor(between(from, to, share), unit(lo, hi));
    if (value <= from || value >= to) return undefined;
    const span = value < 0n ? -value : value;
    const seconds = span / SECOND;
    const two = (number: bigint): string => String(number).padStart(2, '0');
    const time = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map(two).join(':');
    return `${value < 0n ? '-' : ''}${time}${fraction(span % SECOND, digitsOf(lo, hi))}`;
  },
};

function momentOf(text: string): bigint | undefined {
  // What is before and after everything else is no moment, but others lie between.
  if (text === '-infinity') return momentOf('0001-01-01');
  if (text === 'infinity') return momentOf('9999-12-31');
  const match = MOMENT.exec(text);
  if (!match) return undefined;
  const [, year, month, day, , hours = '0', minutes = '0', seconds = '0', part = ''] = match;
  const date = new Date(0);
  // MySQL has a month 0 and a day 0.
  date.setUTCFullYear(Number(year), Math.max(1, Number(month)) - 1, Math.max(1, Number(day)));
  date.setUTCHours(Number(hours), Number(minutes), Number(seconds));
  return BigInt(date.getTime() / 1000) * SECOND + BigInt(part.padEnd(DIGITS, '0'));
}

function timeOf(text: string): bigint | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [, sign, hours, minutes, seconds, part = ''] = match;
  const whole = BigInt(hours!) * 3600n + BigInt(minutes!) * 60n + BigInt(seconds!);
  const value = whole * SECOND + BigInt(part.padEnd(DIGITS, '0'));
  return sign === '-' ? -value : value;
}

function digitsOf(...texts: string[]): number {
  return Math.max(...texts.map((text) => /\.(\d+)/.exec(text)?.[1]?.length ?? 0));
}

/** The finest step that the texts of both ends are written in. */
function unit(lo: string, hi: string): bigint {
  return 10n ** BigInt(DIGITS - digitsOf(lo, hi));
}

function fraction(steps: bigint, digits: number): string {
  return digits === 0 ? '' : `.${String(steps).padStart(DIGITS, '0').slice(0, digits)}`;
}

function floor(value: bigint, step: bigint): bigint {
  const rest = value % step;
  return value - (rest < 0n ? rest + step : rest);
}
