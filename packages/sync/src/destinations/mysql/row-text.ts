import type { Json } from '@tidemark/protocol';
import { changesOf } from '@tidemark/source';
import type { Column } from '../sql/column.js';
import { numberText } from '../sql/number.js';
import { type Change, Problems } from '../sql/problems.js';
import { IN_CHUNK } from '../sql/raw-id.js';
import { fieldValue } from '../sql/record-fields.js';
import type { RowChunk } from '../sql/row-chunks.js';
import type { RowMeta } from '../sql/row-meta.js';
import { dateOf, daysOf, timeText } from '../sql/temporal.js';
import {
  booleans,
  type DayRoom,
  dates,
  decimals,
  encodeValue,
  integers,
  jsons,
  moments,
  type TextEncoder,
  type TextEncoding,
  texts,
  times,
} from '../sql/text-encoding.js';
import { DIGITS_MAX } from './widen.js';

/** A chunk, and the generation that it is of. */
export type ChunkFacts = Omit<RowChunk, 'hashes'> & { generation: number };

/** A chunk as fields of text, null where there is nothing; `misfits` by column when columns have to widen first. */
export interface EncodedChunk {
  fields: (string | null)[][];
  changed: number;
  misfits: { column: Column; values: Json[] }[];
}

const INT64_MAX = 2n ** 63n - 1n;
const four = (year: number) => String(year).padStart(4, '0');
const two = (value: number) => (value < 10 ? `0${value}` : String(value));
/** The years that MySQL takes. */
const DAYS: DayRoom = {
  min: daysOf(1, 1, 1)!,
  max: daysOf(9999, 12, 31)!,
  text: ({ year, month, day }, time) => {
    const date = `${four(year)}-${two(month)}-${two(day)}`;
    return time === undefined ? date : `${date} ${time}`;
  },
};

const doubles: TextEncoder = (value, row, problems) => {
  if (typeof value === 'number') return String(value);
  const text = numberText(value);
  if (text === undefined) return problems.reject(row, value);
  const nearest = Number(text);
  return numberText(nearest) === text ? String(nearest) : problems.tooWide(row, value);
};

/** How a column is written, by its type; `bytesMax` where a value has to fit into a statement. */
function encodingOf({ type, kind }: Column, bytesMax: number | undefined): TextEncoding {
  switch (type) {
    case 'BIGINT':
      return { encode: integers(-INT64_MAX - 1n, INT64_MAX), plain: true };
    case 'DOUBLE':
      return { encode: doubles, plain: true };
    case 'BOOLEAN':
      return { encode: booleans('1', '0'), plain: true };
    case 'DATE':
      return { encode: dates(DAYS), plain: true };
    case 'DATETIME(6)':
      return { encode: moments(DAYS), plain: true };
    case 'TIME(6)':
      return { encode: times, plain: true };
  }
  const scale = /^DECIMAL\(65,(\d+)\)/.exec(type)?.[1];
  if (scale !== undefined) {
    return {
      encode: decimals({ whole: DIGITS_MAX - Number(scale), scale: Number(scale), beyond: 'widen' }),
      plain: true,
    };
  }
  return { encode: kind === 'json' ? jsons({ bytesMax }) : texts({ bytesMax }), plain: false };
}

/** Makes texts of a chunk's values, column by column. */
export function encodeChunk(
  chunk: ChunkFacts,
  columns: readonly Column[],
  meta: RowMeta,
  ids: () => { before: string; after: string },
  bytesMax: number | undefined,
): EncodedChunk {
  const { records } = chunk;
  const changes = new Map<number, Change[]>();
  const misfits: EncodedChunk['misfits'] = [];
  let changed = 0;
  const fields = columns.map((column) => {
    const problems = new Problems(column);
    const encoding = encodingOf(column, bytesMax);
    const list = records.map((record, row) =>
      encodeValue(encoding, column, fieldValue(record, column.field) as Json | undefined, row, problems),
    );
    if (problems.misfits.length > 0) misfits.push({ column, values: problems.misfits });
    for (const [row, made] of problems.changes) {
      changed += made.length;
      changes.set(row, [...(changes.get(row) ?? []), ...made]);
    }
    return list;
  });
  if (misfits.length > 0) return { fields: [], changed: 0, misfits };
  return { fields: [...ownFields(chunk, meta, changes, ids()), ...fields], changed, misfits };
}

function ownFields(
  { records, units, times: moments, generation }: ChunkFacts,
  meta: RowMeta,
  changes: ReadonlyMap<number, Change[]>,
  { before, after }: { before: string; after: string },
): (string | null)[][] {
  return [
    records.map((_, row) => before + IN_CHUNK[row] + after),
    moments.map(momentText),
    records.map((record, row) => meta.text(units[row]!, changesOf(record), changes.get(row) ?? NONE)),
    records.map(() => String(generation)),
  ];
}

const NONE: readonly Change[] = [];
let momentMs = Number.NaN;
let lastMoment = '';

/** A page's rows all have the same. */
function momentText(ms: number): string {
  if (ms === momentMs) return lastMoment;
  const days = Math.floor(ms / 86_400_000);
  momentMs = ms;
  lastMoment = DAYS.text(dateOf(days), timeText(Math.round((ms - days * 86_400_000) * 1_000)));
  return lastMoment;
}

const ESCAPED = /[\\\p{Cc}]/u;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\u0000': '\\0' };

function escaped(text: string): string {
  return text.replace(/[\\\p{Cc}]/gu, (found) => ESCAPES[found] ?? found);
}

/** A chunk in the text format of LOAD DATA: tabs, newlines, `\N` for null. */
export function delimited(fields: readonly (readonly (string | null)[])[], rows: number): Buffer {
  const lines: string[] = [];
  const line: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < fields.length; column++) {
      const text = fields[column]![row]!;
      if (text === null) line[column] = '\\N';
      else line[column] = ESCAPED.test(text) ? escaped(text) : text;
    }
    lines.push(line.join('\t'));
  }
  lines.push('');
  // Half a surrogate pair at the end of one field cannot join with the next: a tab stands between.
  return Buffer.from(lines.join('\n'));
}
