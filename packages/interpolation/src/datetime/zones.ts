import { Failure } from '../error.js';
import { EPOCH_ORDINAL } from './calendar.js';

/**
 * Zones without a region that the tz database has. Intl knows more such names (`IST`, `PST`), some of them for another
 * zone than one would think; the reference refuses them.
 */
const BARE = new Set(
  (
    'CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran ' +
    'Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK ' +
    'Singapore Turkey UCT UTC Universal W-SU WET Zulu'
  )
    .toUpperCase()
    .split(' '),
);

const formats = new Map<string, Intl.DateTimeFormat>();
const CACHE_MAX = 100;

function formatOf(name: string): Intl.DateTimeFormat {
  const key = name.toUpperCase();
  let format = formats.get(key);
  if (format) return format;
  const known = key.includes('/') ? !key.startsWith('SYSTEMV/') : BARE.has(key);
  try {
    if (!known) throw new RangeError(name);
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
  } catch {
    throw new Failure('UnknownTimeZoneError', `unknown time zone '${name}'`);
  }
  if (formats.size >= CACHE_MAX) formats.clear();
  formats.set(key, format);
  return format;
}

/** The date in a zone of the tz database at a moment, as ordinal. */
export function ordinalInZone(milliseconds: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(milliseconds);
  const part = (type: string) => Number(parts.find((found) => found.type === type)?.value ?? 0);
  return Math.round(Date.UTC(part('year'), part('month') - 1, part('day')) / 86_400_000) + EPOCH_ORDINAL;
}
