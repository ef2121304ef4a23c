import type { JsonObject } from '@tidemark/protocol';
import type { Decode } from '../column.js';
import type { KeyedColumn, KeyForm } from '../keyed/keyed-server.js';
import {
  decodeBit,
  decodeBoolean,
  decodeDate,
  decodeDatetime,
  decodeFloat,
  decodeNumber,
  decodeText,
  decodeTime,
  decodeTimestamp,
} from './values.js';

/** A column of MySQL: what every column has, and how it is asked for. */
export interface MysqlColumn extends KeyedColumn {
  /** The server sends bytes that are no text: they travel as base64. */
  readonly isBinary: boolean;
  /** `(name + 0e0)` for floats, whose own text has six digits only; else the name. */
  readonly isFloat: boolean;
  /** Its type in the case in which it was declared: the values of an ENUM are part of it. */
  readonly declared: string;
  readonly charset: string | null;
  /** Rows that were there when it was added have a value in it: a default, or one that is computed. */
  readonly isFilled: boolean;
}

/** What the catalog says of a column. */
export interface ColumnFacts {
  name: string;
  /** `information_schema.columns.data_type`: `varchar`. */
  dataType: string;
  /** `column_type`: `varchar(20)`, `tinyint(1) unsigned`. */
  columnType: string;
  charset: string | null;
  collation: string | null;
  nullable: boolean;
  scale: number | null;
  /** Rows get a value where none is given. */
  hasDefault: boolean;
}

interface Form {
  schema: JsonObject;
  decode: Decode;
  keyForm?: KeyForm;
  isBinary?: boolean;
}

const text = (more: JsonObject = {}): JsonObject => ({ type: 'string', ...more });
const INTEGER: Form = { schema: { type: 'integer' }, decode: decodeNumber, keyForm: 'number' };
const NUMBER: Form = { schema: { type: 'number' }, decode: decodeNumber };
const STRING: Form = { schema: text(), decode: decodeText, keyForm: 'text' };
const LARGE_TEXT: Form = { schema: text(), decode: decodeText };
const BYTES: Form = { schema: text({ contentEncoding: 'base64' }), decode: decodeText, isBinary: true };

const FORMS: Readonly<Record<string, Form>> = {
  tinyint: INTEGER,
  smallint: INTEGER,
  mediumint: INTEGER,
  int: INTEGER,
  bigint: INTEGER,
  year: INTEGER,
  float: { ...NUMBER, decode: decodeFloat },
  double: NUMBER,
  decimal: { ...NUMBER, keyForm: 'number' },
  date: { schema: text({ format: 'date' }), decode: decodeDate, keyForm: 'date' },
  datetime: {
    schema: text({ format: 'date-time', airbyte_type: 'timestamp_without_timezone' }),
    decode: decodeDatetime,
    keyForm: 'datetime',
  },
  timestamp: {
    schema: text({ format: 'date-time', airbyte_type: 'timestamp_with_timezone' }),
    decode: decodeTimestamp,
    keyForm: 'datetime',
  },
  time: {
    schema: text({ format: 'time', airbyte_type: 'time_without_timezone' }),
    decode: decodeTime,
    keyForm: 'time',
  },
  char: STRING,
  varchar: STRING,
  tinytext: LARGE_TEXT,
  text: LARGE_TEXT,
  mediumtext: LARGE_TEXT,
  longtext: LARGE_TEXT,
  json: LARGE_TEXT,
  // Their order is that of their definition, not of their texts: a key is compared by its number.
  enum: { ...STRING, keyForm: 'ordinal' },
  set: { ...STRING, keyForm: 'ordinal' },
  // MariaDB's own.
  uuid: STRING,
  inet4: STRING,
  inet6: STRING,
  binary: { ...BYTES, keyForm: 'binary' },
  varbinary: { ...BYTES, keyForm: 'binary' },
  tinyblob: BYTES,
  blob: BYTES,
  mediumblob: BYTES,
  longblob: BYTES,
  bit: { ...BYTES, keyForm: 'ordinal' },
  vector: BYTES,
  geometry: BYTES,
  point: BYTES,
  linestring: BYTES,
  polygon: BYTES,
  multipoint: BYTES,
  multilinestring: BYTES,
  multipolygon: BYTES,
  geometrycollection: BYTES,
  geomcollection: BYTES,
};

/** The column of a type: what a load and a log both read by. A type that nobody knows is its text. */
export function mysqlColumn(facts: ColumnFacts): MysqlColumn {
  const form = formOf(facts);
  const schema: JsonObject = { ...form.schema };
  if (facts.nullable) schema.type = ['null', schema.type as string];
  return {
    name: facts.name,
    type: facts.columnType.toLowerCase(),
    declared: facts.columnType,
    charset: facts.charset,
    // Without a default a column that is never null has the zero of its type.
    isFilled: facts.hasDefault || !facts.nullable,
    ...(facts.collation === null ? {} : { collation: facts.collation }),
    nullable: facts.nullable,
    schema,
    decode: form.decode,
    isBinary: form.isBinary === true,
    isFloat: facts.dataType === 'float',
    ...(form.keyForm === undefined ? {} : { keyForm: form.keyForm }),
  };
}

function formOf({ dataType, columnType: declared, scale }: ColumnFacts): Form {
  const columnType = declared.toLowerCase();
  if (dataType === 'tinyint' && columnType === 'tinyint(1)')
    return { schema: { type: 'boolean' }, decode: decodeBoolean, keyForm: 'number' };
  if (dataType === 'bit' && columnType === 'bit(1)')
    return { schema: { type: 'boolean' }, decode: decodeBit, keyForm: 'ordinal', isBinary: true };
  if (dataType === 'decimal' && scale === 0) return { ...INTEGER };
  // MariaDB's years of two digits are not compared in the order of their index: 69 stands behind 70 in it.
  if (columnType === 'year(2)') return { schema: { type: 'integer' }, decode: decodeNumber };
  return Object.hasOwn(FORMS, dataType) ? FORMS[dataType]! : LARGE_TEXT;
}
