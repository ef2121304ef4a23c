import { daysOf } from '../sql/temporal.js';
import {
  booleans,
  cleanJson,
  type DayRoom,
  dates,
  decimals,
  integers,
  jsons,
  moments,
  type TextEncoding,
  texts,
  times,
} from '../sql/text-encoding.js';

type Date = Parameters<DayRoom['text']>[0];

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** Years before the first are written as years before Christ. */
function dayText({ year, month, day }: Date, time?: string): string {
  const date = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return `${date}${time === undefined ? '' : ` ${time}`}${year > 0 ? '' : ' BC'}`;
}

/** The zone stands before the era. */
function momentText(date: Date, time = '00:00:00'): string {
  return dayText(date, `${time}+00`);
}

const FIRST_DAY = daysOf(-4712, 1, 1)!;
const LAST_DAY = daysOf(5_874_897, 12, 31)!;
const LAST_MOMENT_DAY = daysOf(294_276, 12, 31)!;
const DAYS: Omit<DayRoom, 'text'> = { min: FIRST_DAY, max: LAST_DAY, readsIso: true, hasEnds: true };
const MOMENTS: Omit<DayRoom, 'text'> = { ...DAYS, max: LAST_MOMENT_DAY };

const ENCODINGS: Record<string, TextEncoding> = {
  bigint: { encode: integers(-(2n ** 63n), 2n ** 63n - 1n), plain: true },
  numeric: { encode: decimals({ whole: 131_072, scale: 16_383, beyond: 'null' }), plain: true },
  boolean: { encode: booleans('t', 'f'), plain: true },
  date: { encode: dates({ ...DAYS, text: dayText }), plain: true },
  'timestamp without time zone': { encode: moments({ ...MOMENTS, text: dayText }), plain: true },
  'timestamp with time zone': { encode: moments({ ...MOMENTS, text: momentText }), plain: true },
  'time without time zone': { encode: times, plain: true },
  jsonb: { encode: jsons({}, cleanJson), plain: false },
};
const TEXT: TextEncoding = { encode: texts({ withoutZero: true }), plain: false };

/** How a column of this type is filled. */
export function encodingOf(type: string): TextEncoding {
  return ENCODINGS[type] ?? TEXT;
}

const SPECIAL = /[\\\t\n\r]/;
/** The backslash first: the others bring new ones. */
const ESCAPES = [
  ['\\', /\\/g, '\\\\'],
  ['\t', /\t/g, '\\t'],
  ['\n', /\n/g, '\\n'],
  ['\r', /\r/g, '\\r'],
] as const;

/** Replacing takes a hundred bytes for each match: a long text is escaped in pieces of this length. */
const PIECE = 16 * 1024;

/** A text as a line of COPY has it. One character after the other, since a function for each match costs far more. */
export function escapeText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  if (text.length <= PIECE) return escapePiece(text);
  let escaped = '';
  for (let from = 0; from < text.length; from += PIECE) escaped += escapePiece(text.slice(from, from + PIECE));
  return escaped;
}

function escapePiece(text: string): string {
  let escaped = text;
  for (const [character, all, written] of ESCAPES)
    if (escaped.includes(character)) escaped = escaped.replace(all, written);
  return escaped;
}
