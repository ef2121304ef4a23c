import { type Json, type JsonObject, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, type Expression, field } from '../../component/index.js';
import { Path, setKey } from '../../component/path.js';
import {
  type ComplexType,
  type SchemaReader,
  schemaReaderSlot,
  type TypeMapping,
  typesMapSlot,
} from './identifier-slot.js';

/** The types that a field can have, as JSON Schema. */
const TYPES: Readonly<Record<string, JsonObject>> = {
  string: { type: ['null', 'string'] },
  boolean: { type: ['null', 'boolean'] },
  integer: { type: ['null', 'integer'] },
  number: { type: ['null', 'number'] },
  array: { type: ['null', 'array'] },
  object: { type: ['null', 'object'] },
  date: { type: ['null', 'string'], format: 'date' },
  timestamp_with_timezone: { type: ['null', 'string'], format: 'date-time' },
  timestamp_without_timezone: {
    type: ['null', 'string'],
    format: 'date-time',
    airbyte_type: 'timestamp_without_timezone',
  },
  time_with_timezone: { type: ['null', 'string'], format: 'time', airbyte_type: 'time_with_timezone' },
  time_without_timezone: { type: ['null', 'string'], format: 'time', airbyte_type: 'time_without_timezone' },
};

export const schemaTypeIdentifier = component('SchemaTypeIdentifier', {
  slot: schemaReaderSlot,
  doc: 'Says where the fields, their names and their types stand in what the API tells about them.',
  fields: {
    schema_pointer: field
      .list(field.template())
      .default([])
      .doc('The list of fields; empty: the record itself.')
      .example(['fields']),
    key_pointer: field.list(field.template()).doc('The name of a field.').example(['name']),
    type_pointer: field
      .list(field.template())
      .optional()
      .doc('The type of a field. Without it, all are strings.')
      .example(['schema', 'type']),
    types_mapping: field
      .list(field.slot(typesMapSlot).defaultType('TypesMap'))
      .default([])
      .doc('The types of the schema for those of the API; the first line that fits counts.'),
  },
  examples: [
    { type: 'SchemaTypeIdentifier', schema_pointer: ['fields'], key_pointer: ['name'], type_pointer: ['type'] },
  ],
  build: ({ fields }): SchemaReader => {
    const path = (segments: readonly Expression[]): Path => new Path(segments.map((segment) => segment.text()));
    return {
      properties: (description) => {
        const found = path(fields.schema_pointer).values(description)[0] ?? [];
        const key = path(fields.key_pointer);
        const type = fields.type_pointer && path(fields.type_pointer);
        const properties: JsonObject = {};
        for (const item of Array.isArray(found) ? (found as Json[]) : [found as Json]) {
          const name = key.values(item)[0];
          if (typeof name !== 'string') throw new ConnectorError('system', 'The API describes a field without a name.');
          const named = (type ? (type.values(item)[0] ?? 'string') : 'string') as Json;
          setKey(properties as Record<string, unknown>, name, schemaOf(named, item, fields.types_mapping));
        }
        return properties;
      },
    };
  },
});

function schemaOf(type: Json, description: Json, mappings: readonly TypeMapping[]): JsonObject {
  const target = mappings.find((mapping) => mapping.applies(type, description))?.target ?? type;
  if (typeof target === 'string') return named(target);
  if (Array.isArray(target) && target.length === 2) return { oneOf: target.map((one) => named(String(one))) };
  if (isComplex(target)) return complex(target);
  throw new ConnectorError(
    'config',
    `A field's type is ${stringify(target).slice(0, 100)}: it must be one type or a list of two.`,
  );
}

function isComplex(target: unknown): target is ComplexType {
  return typeof target === 'object' && target !== null && 'fieldType' in target;
}

function complex({ fieldType, items }: ComplexType): JsonObject {
  if (items === undefined) return named(fieldType);
  return { ...named(fieldType), items: typeof items === 'string' ? named(items) : complex(items) };
}

function named(type: string): JsonObject {
  const schema = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!schema) {
    throw new ConnectorError(
      'config',
      `A field has the type '${type.slice(0, 100)}', which no types_mapping brings into one of: ${Object.keys(TYPES).join(', ')}.`,
    );
  }
  return structuredClone(schema);
}
