import { type Json, stringify } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import type { Column } from '../sql/column.js';
import { decimalShape, integerOf, numberText } from '../sql/number.js';
import { Problems } from '../sql/problems.js';
import { endOfTime, parseDays, parseMoment, parseTime, writeMicros } from '../sql/temporal.js';
import { joinKinds, kindOfValue } from '../sql/value-kind.js';
import type { ColumnData } from './chunk.js';

/** What went wrong in one chunk of one column. */
export class ColumnProblems extends Problems {
  constructor(
    column: Column,
    /** Days and moments before and after all others are kept as DuckDB knows them. */
    readonly takesEnds: boolean,
  ) {
    super(column);
  }

  /** See `reject`. */
  rejectIn(data: ColumnData, row: number, value: Json): void {
    data.setNull(row);
    this.reject(row, value);
  }

  /** See `tooWide`. */
  tooWideIn(data: ColumnData, row: number, value: Json): void {
    data.setNull(row);
    this.tooWide(row, value);
  }
}

type Encoder = (value: Json, row: number, data: ColumnData, problems: ColumnProblems, column: Column) => void;

/** How a DuckDB type is filled: bytes a row (0: text, cast by the appender where the column is no text). */
export interface Encoding {
  width: number;
  encode: Encoder;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;
/** DuckDB's `infinity` and `-infinity`: the greatest number of 32 or 64 bits and the same below zero, here in halves. */
const INFINITE_DAYS = 2 ** 31 - 1;
const INFINITE_MICROS = [0xffffffff, 0x7fffffff];
const LEAST_MICROS = [1, 0x80000000];

const bigint: Encoder = (value, row, data, problems) => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    data.words[row * 2] = value >>> 0;
    data.words[row * 2 + 1] = Math.floor(value / 0x100000000) >>> 0;
    return;
  }
  const exact = integerOf(value);
  if (exact === undefined) return problems.rejectIn(data, row, value);
  if (exact < INT64_MIN || exact > INT64_MAX) return problems.tooWideIn(data, row, value);
  data.words[row * 2] = Number(exact & 0xffffffffn);
  data.words[row * 2 + 1] = Number((exact >> 32n) & 0xffffffffn);
};

const hugeint: Encoder = (value, row, data, problems) => {
  const exact = integerOf(value);
  if (exact === undefined) return problems.rejectIn(data, row, value);
  if (exact < -INT128_MAX || exact > INT128_MAX) return problems.tooWideIn(data, row, value);
  data.texts[row] = exact.toString();
};

const double: Encoder = (value, row, data, problems) => {
  if (typeof value === 'number') {
    data.doubles[row] = value;
    return;
  }
  const text = numberText(value);
  if (text === undefined) return problems.rejectIn(data, row, value);
  const nearest = Number(text);
  if (numberText(text) !== numberText(nearest)) return problems.tooWideIn(data, row, value);
  data.doubles[row] = nearest;
};

const decimal: Encoder = (value, row, data, problems, column) => {
  const text = numberText(value);
  if (text === undefined) return problems.rejectIn(data, row, value);
  const { whole, scale } = decimalShape(text);
  const room = scaleOf(column.type);
  if (scale > room || whole > 38 - room) return problems.tooWideIn(data, row, value);
  data.texts[row] = text;
};

/** `s` of DECIMAL(38,s). */
export function scaleOf(type: string): number {
  return Number(/,\s*(\d+)\)/.exec(type)?.[1] ?? 0);
}

const boolean: Encoder = (value, row, data, problems) => {
  if (value === true || value === 'true') data.bytes[row] = 1;
  else if (value === false || value === 'false') data.bytes[row] = 0;
  else problems.rejectIn(data, row, value);
};

const date: Encoder = (value, row, data, problems) => {
  const parsed = typeof value === 'string' ? parseDays(value) : undefined;
  if (!parsed) {
    const end = problems.takesEnds ? endOfTime(value) : undefined;
    if (end === undefined) return problems.rejectIn(data, row, value);
    data.days[row] = end * INFINITE_DAYS;
    return;
  }
  if (parsed.cut) problems.note(row, 'TRUNCATED', 'DESTINATION_TYPECAST_ERROR', value);
  data.days[row] = parsed.days;
};

const timestamp: Encoder = (value, row, data, problems) => {
  const moment = typeof value === 'string' ? parseMoment(value) : undefined;
  if (!moment) {
    const end = problems.takesEnds ? endOfTime(value) : undefined;
    if (end === undefined) return problems.rejectIn(data, row, value);
    data.words.set(end > 0 ? INFINITE_MICROS : LEAST_MICROS, row * 2);
    return;
  }
  if (moment.cut) problems.note(row, 'TRUNCATED', 'DESTINATION_FIELD_SIZE_LIMITATION', value);
  writeMicros(data.words, row * 2, moment.days, moment.micros);
};

const time: Encoder = (value, row, data, problems) => {
  const parsed = typeof value === 'string' ? parseTime(value) : undefined;
  if (!parsed) return problems.rejectIn(data, row, value);
  if (parsed.cut) problems.note(row, 'TRUNCATED', 'DESTINATION_FIELD_SIZE_LIMITATION', value);
  writeMicros(data.words, row * 2, 0, parsed.micros);
};

/** A text column of a number's kind: what was widened for its digits still takes numbers only. */
const text: Encoder = (value, row, data, problems, column) => {
  if (typeof value === 'string' && column.kind === 'text') {
    data.texts[row] = value;
    return;
  }
  if (column.kind === 'integer' || column.kind === 'number') {
    const digits = column.kind === 'integer' ? integerOf(value)?.toString() : numberText(value);
    if (digits === undefined) return problems.rejectIn(data, row, value);
    data.texts[row] = digits;
    return;
  }
  data.texts[row] = typeof value === 'string' ? value : stringify(value);
};

const json: Encoder = (value, row, data) => {
  data.texts[row] = stringify(value);
};

const ENCODINGS: Record<string, Encoding> = {
  BIGINT: { width: 8, encode: bigint },
  HUGEINT: { width: 0, encode: hugeint },
  DOUBLE: { width: 8, encode: double },
  BOOLEAN: { width: 1, encode: boolean },
  DATE: { width: 4, encode: date },
  TIMESTAMP: { width: 8, encode: timestamp },
  'TIMESTAMP WITH TIME ZONE': { width: 8, encode: timestamp },
  TIME: { width: 8, encode: time },
  JSON: { width: 0, encode: json },
  VARCHAR: { width: 0, encode: text },
};
const DECIMAL: Encoding = { width: 0, encode: decimal };
const OTHER: Encoding = ENCODINGS.VARCHAR!;

/** How a column of this type is filled. */
export function encodingOf(type: string): Encoding {
  return ENCODINGS[type] ?? (type.startsWith('DECIMAL') ? DECIMAL : OTHER);
}

/** Fills a column of a chunk from the rows. `takesEnds`: see ColumnProblems. */
export function encodeColumn(
  rows: readonly RecordData[],
  column: Column,
  data: ColumnData,
  takesEnds: boolean,
): ColumnProblems {
  const problems = new ColumnProblems(column, takesEnds);
  const { width, encode } = encodingOf(column.type);
  const { field, kind, declared } = column;
  const inherited = field in Object.prototype;
  for (let row = 0; row < rows.length; row++) {
    const record = rows[row]!;
    // A field named like something that every object has (`constructor`) is only there when it is the record's own.
    const value = inherited && !Object.hasOwn(record, field) ? undefined : record[field];
    if (width === 0) data.texts.push('');
    if (value === null || value === undefined) data.setNull(row);
    else if (!declared && joinKinds(kind, kindOfValue(value)) !== kind) problems.rejectIn(data, row, value);
    else encode(value, row, data, problems, column);
  }
  return problems;
}
