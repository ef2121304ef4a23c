import type { JsonObject } from '@tidemark/protocol';
import { type Decode, LOST } from '../column.js';
import type { KeyedColumn, KeyForm } from '../keyed/keyed-server.js';
import { decodeFloat, decodeNumber } from '../mysql/values.js';

/** A column of SQL Server: what every column has, and how its value is asked for as text. */
export interface SqlServerColumn extends KeyedColumn {
  /** The expression that gives its text, of the quoted name. */
  readonly textOf: (name: string) => string;
}

/** What the catalog says of a column. */
export interface ColumnFacts {
  name: string;
  /** `sys.types.name` of the base type. */
  dataType: string;
  /** As people write it: `decimal(10,2)`. */
  shown: string;
  nullable: boolean;
  scale: number;
  /** Of texts. */
  collation?: string | null;
}

interface Form {
  schema: JsonObject;
  decode: Decode;
  textOf: (name: string) => string;
  keyForm?: KeyForm;
}

const text = (more: JsonObject = {}): JsonObject => ({ type: 'string', ...more });
const decodeText: Decode = (value) => value;
const decodeBit: Decode = (value) => (value === '1' ? true : value === '0' ? false : LOST);

/** `2024-01-02T03:04:05.1234567` with six digits: the seventh is cut off. */
const decodeDatetime: Decode = (value) => micros(value);
/** The same with `+01:00`, or Z. */
const decodeOffset: Decode = (value) => {
  const match = /^(.*?)(Z|[+-]\d\d:\d\d)$/.exec(value);
  return match ? `${micros(match[1]!)}${match[2] === '+00:00' ? 'Z' : match[2]}` : LOST;
};
const decodeHex: Decode = (value) => Buffer.from(value, 'hex').toString('base64');

function micros(time: string): string {
  const point = time.indexOf('.');
  return point < 0 ? `${time}.000000` : time.slice(0, point + 7).padEnd(point + 7, '0');
}

const converted = (type: string, style?: number) => (name: string) =>
  `CONVERT(${type}, ${name}${style === undefined ? '' : `, ${style}`})`;
const plain = (name: string) => name;
const INTEGER: Form = {
  schema: { type: 'integer' },
  decode: decodeNumber,
  textOf: converted('varchar(20)'),
  keyForm: 'number',
};
const DECIMAL: Form = {
  schema: { type: 'number' },
  decode: decodeNumber,
  textOf: converted('varchar(60)'),
  keyForm: 'number',
};
// Style 3 gives the digits that a double or float is read back from.
const FLOAT: Form = { schema: { type: 'number' }, decode: decodeNumber, textOf: converted('varchar(40)', 3) };
// Style 2 gives all four digits of money.
const MONEY: Form = {
  schema: { type: 'number' },
  decode: decodeNumber,
  textOf: converted('varchar(40)', 2),
  keyForm: 'number',
};
const DATETIME: Form = {
  schema: text({ format: 'date-time', airbyte_type: 'timestamp_without_timezone' }),
  decode: decodeDatetime,
  textOf: converted('varchar(40)', 126),
  keyForm: 'datetime',
};
const STRING: Form = { schema: text(), decode: decodeText, textOf: plain, keyForm: 'text' };
const LARGE: Form = { schema: text(), decode: decodeText, textOf: converted('nvarchar(max)') };
const BYTES: Form = {
  schema: text({ contentEncoding: 'base64' }),
  decode: decodeHex,
  textOf: converted('varchar(max)', 2),
  keyForm: 'binary',
};

const FORMS: Readonly<Record<string, Form>> = {
  bit: { schema: { type: 'boolean' }, decode: decodeBit, textOf: converted('varchar(1)'), keyForm: 'number' },
  tinyint: INTEGER,
  smallint: INTEGER,
  int: INTEGER,
  bigint: INTEGER,
  decimal: DECIMAL,
  numeric: DECIMAL,
  float: FLOAT,
  real: { ...FLOAT, decode: decodeFloat },
  money: MONEY,
  smallmoney: MONEY,
  date: { schema: text({ format: 'date' }), decode: decodeText, textOf: converted('varchar(10)', 23), keyForm: 'date' },
  time: {
    schema: text({ format: 'time', airbyte_type: 'time_without_timezone' }),
    decode: decodeDatetime,
    textOf: converted('varchar(20)'),
    keyForm: 'time',
  },
  datetime: DATETIME,
  datetime2: DATETIME,
  smalldatetime: DATETIME,
  datetimeoffset: {
    schema: text({ format: 'date-time', airbyte_type: 'timestamp_with_timezone' }),
    decode: decodeOffset,
    textOf: converted('varchar(40)', 126),
  },
  char: STRING,
  varchar: STRING,
  nchar: STRING,
  nvarchar: STRING,
  text: LARGE,
  ntext: LARGE,
  xml: LARGE,
  sql_variant: LARGE,
  // Sorts by groups of its bytes: only the server knows the order.
  uniqueidentifier: { schema: text(), decode: decodeText, textOf: converted('varchar(36)'), keyForm: 'uuid' },
  hierarchyid: { schema: text(), decode: decodeText, textOf: (name) => `${name}.ToString()` },
  geometry: { schema: text(), decode: decodeText, textOf: (name) => `${name}.STAsText()` },
  geography: { schema: text(), decode: decodeText, textOf: (name) => `${name}.STAsText()` },
  binary: BYTES,
  varbinary: BYTES,
  image: {
    ...BYTES,
    textOf: (name) => `CONVERT(varchar(max), CONVERT(varbinary(max), ${name}), 2)`,
    keyForm: undefined,
  },
  timestamp: { ...BYTES, textOf: (name) => `CONVERT(varchar(16), CONVERT(binary(8), ${name}), 2)` },
};

/** The column of a type. A type that nobody knows is its text. */
export function sqlServerColumn(facts: ColumnFacts): SqlServerColumn {
  const { name, dataType, shown, nullable, scale, collation } = facts;
  const known = Object.hasOwn(FORMS, dataType) ? FORMS[dataType]! : LARGE;
  // A `max` type cannot be a key.
  const form = shown.endsWith('(max)') ? { ...known, keyForm: undefined } : known;
  const isWhole = form === DECIMAL && scale === 0;
  const type = isWhole ? 'integer' : (form.schema.type as string);
  return {
    name,
    type: shown,
    nullable,
    schema: { ...form.schema, type: nullable ? ['null', type] : type },
    decode: form.decode,
    textOf: form.textOf,
    ...(form.keyForm === undefined ? {} : { keyForm: form.keyForm }),
    ...(collation ? { collation } : {}),
  };
}
