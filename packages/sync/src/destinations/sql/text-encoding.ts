import { type Json, stringify } from '@tidemark/protocol';
import type { Column } from './column.js';
import { decimalShape, integerOf, numberText } from './number.js';
import type { Problems } from './problems.js';
import { dateOf, endOfTime, parseDays, parseMoment, parseTime, timeText } from './temporal.js';
import { joinKinds, kindOfValue } from './value-kind.js';

/** A value as the text that the database reads for its column, or null when it does not fit (`problems` knows why then). */
export type TextEncoder = (value: Json, row: number, problems: Problems, column: Column) => string | null;

/** How a column's type is written. */
export interface TextEncoding {
  encode: TextEncoder;
  /** Its texts hold nothing that has to be escaped: digits, dates. */
  plain: boolean;
}

/** Integers within bounds; a larger one asks for a wider column. */
export function integers(min: bigint, max: bigint): TextEncoder {
  return (value, row, problems) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return `${value}`;
    const exact = integerOf(value);
    if (exact === undefined) return problems.reject(row, value);
    return exact < min || exact > max ? problems.tooWide(row, value) : exact.toString();
  };
}

/** How many digits a decimal column has on both sides, and what becomes of a number that has more. */
export interface DecimalRoom {
  whole: number;
  scale: number;
  beyond: 'widen' | 'null';
}

/** Numbers, digit for digit. A column of integers takes integers only. */
export function decimals({ whole, scale, beyond }: DecimalRoom): TextEncoder {
  const takesDoubles = whole >= 22 && scale >= 30;
  return (value, row, problems, column) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return `${value}`;
    const isInteger = column.kind === 'integer';
    if (takesDoubles && typeof value === 'number' && !isInteger) {
      // Without an exponent, the shortest text of a double is what `numberText` would make of it.
      const short = `${value}`;
      if (!/[eNI]/.test(short)) return short;
    }
    const text = isInteger ? integerOf(value)?.toString() : numberText(value);
    if (text === undefined) return problems.reject(row, value);
    const shape = decimalShape(text);
    if (shape.whole <= whole && shape.scale <= scale) return text;
    if (beyond === 'widen') return problems.tooWide(row, value);
    // As text: what no number of the database can hold, no number in its JSON can.
    problems.note(row, 'NULLED', 'DESTINATION_FIELD_SIZE_LIMITATION', text);
    return null;
  };
}

export function booleans(yes: string, no: string): TextEncoder {
  return (value, row, problems) => {
    if (value === true || value === 'true') return yes;
    if (value === false || value === 'false') return no;
    return problems.reject(row, value);
  };
}

/** What days a database knows, in days since 1970-01-01, and how it writes a year. */
export interface DayRoom {
  min: number;
  max: number;
  /** Texts like `2024-02-29` and `2024-02-29T23:59:59Z` are understood as they are. */
  readsIso?: boolean;
  /** It has days and moments before and after all others: `infinity`, `-infinity`. */
  hasEnds?: boolean;
  /** A day as text; `time` (`HH:MM:SS.ffffff`) comes after it where there is one. */
  text: (date: { year: number; month: number; day: number }, time?: string) => string;
}

export function dates(room: DayRoom): TextEncoder {
  return (value, row, problems) => {
    const parsed = typeof value === 'string' ? parseDays(value) : undefined;
    if (!parsed) return endText(room, value) ?? problems.reject(row, value);
    if (parsed.days < room.min || parsed.days > room.max) return problems.reject(row, value);
    if (parsed.cut) problems.note(row, 'TRUNCATED', 'DESTINATION_TYPECAST_ERROR', value);
    else if (room.readsIso && isIso(value as string, 10)) return value as string;
    return room.text(dateOf(parsed.days));
  };
}

/** Moments in UTC, or local ones as they are written. */
export function moments(room: DayRoom): TextEncoder {
  return (value, row, problems) => {
    const moment = typeof value === 'string' ? parseMoment(value) : undefined;
    if (!moment) return endText(room, value) ?? problems.reject(row, value);
    if (moment.days < room.min || moment.days > room.max) return problems.reject(row, value);
    if (moment.cut) problems.note(row, 'TRUNCATED', 'DESTINATION_FIELD_SIZE_LIMITATION', value);
    else if (room.readsIso && isIso(value as string, 20)) return value as string;
    return room.text(dateOf(moment.days), timeText(moment.micros));
  };
}

function endText({ hasEnds }: DayRoom, value: Json): string | undefined {
  const end = hasEnds ? endOfTime(value) : undefined;
  return end && (end > 0 ? 'infinity' : '-infinity');
}

/** Of a text that names a day or moment: whether it does so in the shortest ISO form, in a year after 999. */
function isIso(text: string, length: 10 | 20): boolean {
  if (text.length !== length || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false;
  if (text.charCodeAt(0) < 49 || text.charCodeAt(0) > 57) return false;
  return length === 10 || (text.charCodeAt(10) === 84 && text.charCodeAt(19) === 90);
}

export const times: TextEncoder = (value, row, problems) => {
  const parsed = typeof value === 'string' ? parseTime(value) : undefined;
  if (!parsed) return problems.reject(row, value);
  if (parsed.cut) problems.note(row, 'TRUNCATED', 'DESTINATION_FIELD_SIZE_LIMITATION', value);
  return timeText(parsed.micros);
};

/** What texts a database cannot hold. */
export interface TextRoom {
  /** It has no character 0: it becomes U+FFFD, with a note. */
  withoutZero?: boolean;
  /** Bytes of one value. A longer one becomes null, with a note. */
  bytesMax?: number;
}

/** Texts, and in a column of numbers that was widened for their digits, numbers. */
export function texts(room: TextRoom): TextEncoder {
  return (value, row, problems, { kind }) => {
    if (typeof value === 'string' && kind === 'text') return fitText(value, value, room, row, problems);
    if (kind === 'integer' || kind === 'number') {
      const digits = kind === 'integer' ? integerOf(value)?.toString() : numberText(value);
      return digits ?? problems.reject(row, value);
    }
    return fitText(typeof value === 'string' ? value : stringify(value), value, room, row, problems);
  };
}

function fitText(text: string, value: Json, room: TextRoom, row: number, problems: Problems): string | null {
  if (room.bytesMax !== undefined && text.length * 3 > room.bytesMax && Buffer.byteLength(text) > room.bytesMax) {
    // The value does not go along: what does not fit there does not fit beside it either.
    problems.note(row, 'NULLED', 'DESTINATION_FIELD_SIZE_LIMITATION', null);
    return null;
  }
  if (!room.withoutZero || !text.includes('\u0000')) return text;
  problems.note(row, 'TRUNCATED', 'DESTINATION_TYPECAST_ERROR', value);
  return text.replaceAll('\u0000', '\ufffd');
}

/** JSON; `text` makes of it what the database can hold, and says whether that is what it was. */
export function jsons(room: TextRoom, clean: (text: string) => string = (text) => text): TextEncoder {
  return (value, row, problems) => {
    const text = stringify(value);
    const cleaned = clean(text);
    if (cleaned !== text) problems.note(row, 'TRUNCATED', 'DESTINATION_TYPECAST_ERROR', value);
    return fitText(cleaned, value, { bytesMax: room.bytesMax }, row, problems);
  };
}

/** JSON without what PostgreSQL's jsonb refuses: the character 0 and halves of surrogate pairs become U+FFFD. */
export function cleanJson(text: string): string {
  if (!text.includes('\\u')) return text;
  // A backslash and what follows it is one step, so that an escaped backslash before a `u` is none.
  return text.replace(
    /\\(?:u(d[89ab][0-9a-f]{2})(\\u(d[c-f][0-9a-f]{2}))?|u0000|u(d[c-f][0-9a-f]{2})|.)/gi,
    (found: string, high?: string, _pair?: string, low?: string, alone?: string) => {
      if (found.toLowerCase() === '\\u0000' || alone !== undefined) return '\ufffd';
      return high !== undefined && low === undefined ? '\ufffd' : found;
    },
  );
}

/** A value as text, null where there is none. A column that no schema declares takes only what its kind holds. */
export function encodeValue(
  { encode }: TextEncoding,
  column: Column,
  value: Json | undefined,
  row: number,
  problems: Problems,
): string | null {
  if (value === null || value === undefined) return null;
  if (!column.declared && joinKinds(column.kind, kindOfValue(value)) !== column.kind)
    return problems.reject(row, value);
  return encode(value, row, problems, column);
}
