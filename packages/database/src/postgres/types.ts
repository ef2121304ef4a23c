import type { JsonObject } from '@tidemark/protocol';
import type { Column, Decode } from '../column.js';
import {
  decodeArray,
  decodeBoolean,
  decodeHstore,
  decodeInteger,
  decodeMoney,
  decodeNumber,
  decodeText,
  decodeTime,
  decodeTimestamp,
  decodeTimestampTz,
  decodeTimeTz,
} from './text-values.js';

/** How a type's text becomes JSON, where that can be done on the bytes of a COPY; `value` takes `decode`. */
export type BytesForm = 'number' | 'boolean' | 'text' | 'timestamp' | 'timestamptz' | 'value';

/** A column of PostgreSQL: what every column has, and how its COPY text is written as JSON. */
export interface PostgresColumn extends Column {
  /** The type's own name without domain and modifiers, `int8`; of an array `int8[]`. */
  readonly base: string;
  readonly bytes: BytesForm;
  /** `atttypid` and `atttypmod`, as the log has them, too. */
  readonly declared?: { readonly oid: number; readonly modifier: number };
}

/** What the catalog says about a column's type, domains and arrays taken apart. */
export interface TypeFacts {
  /** `pg_type.typname` of the base type; of the items for an array. */
  base: string;
  isArray: boolean;
  /** Items are separated by this; `,` but for boxes. */
  delimiter?: string;
  /** `format_type`, for people and casts. */
  shown: string;
  /** `atttypmod` of the column; -1 where the type has none. */
  modifier: number;
}

interface Form {
  schema: JsonObject;
  decode: Decode;
  bytes: BytesForm;
}

const text = (more: JsonObject = {}): JsonObject => ({ type: 'string', ...more });
const INTEGER: Form = { schema: { type: 'number', airbyte_type: 'integer' }, decode: decodeInteger, bytes: 'number' };
const NUMBER: Form = { schema: { type: 'number' }, decode: decodeNumber, bytes: 'number' };
const STRING: Form = { schema: text(), decode: decodeText, bytes: 'text' };

const FORMS: Readonly<Record<string, Form>> = {
  bool: { schema: { type: 'boolean' }, decode: decodeBoolean, bytes: 'boolean' },
  int2: INTEGER,
  int4: INTEGER,
  int8: INTEGER,
  oid: INTEGER,
  float4: NUMBER,
  float8: NUMBER,
  numeric: NUMBER,
  money: { schema: { type: 'number' }, decode: decodeMoney, bytes: 'value' },
  date: { schema: text({ format: 'date' }), decode: decodeText, bytes: 'text' },
  time: {
    schema: text({ format: 'time', airbyte_type: 'time_without_timezone' }),
    decode: decodeTime,
    bytes: 'value',
  },
  timetz: {
    schema: text({ format: 'time', airbyte_type: 'time_with_timezone' }),
    decode: decodeTimeTz,
    bytes: 'value',
  },
  timestamp: {
    schema: text({ format: 'date-time', airbyte_type: 'timestamp_without_timezone' }),
    decode: decodeTimestamp,
    bytes: 'timestamp',
  },
  timestamptz: {
    schema: text({ format: 'date-time', airbyte_type: 'timestamp_with_timezone' }),
    decode: decodeTimestampTz,
    bytes: 'timestamptz',
  },
  hstore: { schema: text(), decode: decodeHstore, bytes: 'value' },
};

/** Items of arrays that differ from the type alone. */
const ITEMS: Readonly<Record<string, Form>> = {
  oid: NUMBER,
  int2: INTEGER,
  bytea: { schema: text({ contentEncoding: 'base64' }), decode: hexToBase64, bytes: 'value' },
};

const BIT: Form = { schema: { type: 'boolean' }, decode: (bit) => bit === '1', bytes: 'value' };

/** The column of a type: what a load and a log both read by. A type that nobody knows is its text. */
export function postgresColumn(columnName: string, type: TypeFacts, nullable = true): PostgresColumn {
  const form = type.isArray ? arrayForm(type) : scalarForm(type);
  const schema: JsonObject = { ...form.schema };
  if (nullable && typeof schema.type === 'string') schema.type = ['null', schema.type];
  const base = type.isArray ? `${type.base}[]` : type.base;
  return { name: columnName, type: type.shown, base, nullable, schema, decode: form.decode, bytes: form.bytes };
}

function scalarForm({ base, modifier }: TypeFacts): Form {
  // It may be NaN all the same.
  if (base === 'numeric' && scaleOf(modifier) === 0) return { ...INTEGER, decode: decodeNumber };
  return own(FORMS, base) ?? STRING;
}

function arrayForm({ base, modifier, delimiter }: TypeFacts): Form {
  const ofType = base === 'bit' && modifier === 1 ? BIT : own(ITEMS, base);
  const item = ofType ?? scalarForm({ base, modifier, isArray: false, shown: base });
  const items = { ...item.schema, type: ['null', item.schema.type as string] };
  return { schema: { type: 'array', items }, decode: decodeArray(item.decode, delimiter), bytes: 'value' };
}

/** The scale of a numeric with a precision; undefined without one. Negative scales are whole numbers too. */
function scaleOf(modifier: number): number | undefined {
  if (modifier < 4) return undefined;
  const scale = (modifier - 4) & 0x7ff;
  return scale >= 1024 ? 0 : scale;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function hexToBase64(hex: string): string {
  return Buffer.from(hex.startsWith('\\x') ? hex.slice(2) : hex, 'hex').toString('base64');
}
