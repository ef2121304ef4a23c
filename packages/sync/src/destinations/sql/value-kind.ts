import { Decimal, type JsonObject } from '@tidemark/protocol';

/** What the schema says about a field. Several column types of a database can hold one kind. */
export type Kind = 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'timestamp' | 'timestamptz' | 'time' | 'json';

/** The kind of a field by its JSON schema: nested values, unions and fields without a type are JSON. */
export function kindOf(schema: unknown): Kind {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return 'json';
  const { type, oneOf, anyOf, format, airbyte_type: airbyteType } = schema as JsonObject;
  const variants = oneOf ?? anyOf;
  if (Array.isArray(variants)) return merge(variants.filter((one) => !isNull(one)).map(kindOf));
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  if (types.length !== 1) return merge(types.map((one) => kindOf({ ...(schema as JsonObject), type: one })));
  switch (types[0]) {
    case 'string':
      return textKind(format, airbyteType);
    case 'integer':
      return 'integer';
    case 'number':
      return airbyteType === 'integer' || airbyteType === 'big_integer' ? 'integer' : 'number';
    case 'boolean':
      return 'boolean';
    default:
      return 'json';
  }
}

function isNull(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && (schema as JsonObject).type === 'null';
}

function textKind(format: unknown, airbyteType: unknown): Kind {
  if (airbyteType === 'integer' || airbyteType === 'big_integer') return 'integer';
  if (airbyteType === 'number' || airbyteType === 'big_number') return 'number';
  if (format === 'date') return 'date';
  if (format === 'date-time') return airbyteType === 'timestamp_without_timezone' ? 'timestamp' : 'timestamptz';
  if (format === 'time') return airbyteType === 'time_without_timezone' ? 'time' : 'text';
  return 'text';
}

function merge(kinds: Kind[]): Kind {
  const distinct = new Set(kinds);
  if (distinct.size === 1) return kinds[0]!;
  if (distinct.size === 2 && distinct.has('integer') && distinct.has('number')) return 'number';
  return 'json';
}

/** The kind of a field that no schema declares, by a value of it. */
export function kindOfValue(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'number';
    default:
      return Decimal.is(value) ? 'number' : 'json';
  }
}

const SCALARS_IN_ORDER: readonly (readonly [Kind, Kind, Kind])[] = [
  ['integer', 'number', 'number'],
  ['date', 'timestamp', 'timestamp'],
  ['date', 'timestamptz', 'timestamptz'],
  ['timestamp', 'timestamptz', 'timestamptz'],
];

/** The kind that holds values of both, none of them damaged: text holds every scalar, JSON everything. */
export function joinKinds(a: Kind, b: Kind): Kind {
  if (a === b) return a;
  if (a === 'json' || b === 'json') return 'json';
  const step = SCALARS_IN_ORDER.find(([x, y]) => (x === a && y === b) || (x === b && y === a));
  return step ? step[2] : 'text';
}
