import type { Json } from '@tidemark/protocol';
import type { ComponentDefinition } from './define.js';
import type { Registry } from './registry.js';
import type { Slot } from './slot.js';

/** A piece of JSON Schema draft-07. */
export interface JsonSchema {
  [keyword: string]: Json | JsonSchema | JsonSchema[] | undefined;
}

/** Writes the schema of slots by reference to the definitions. */
export interface SchemaWriter {
  slot(slot: Slot<unknown>): JsonSchema;
}

/** The JSON Schema of the whole language, draft-07: one definition a word, the source at the root. */
export function manifestSchema(registry: Registry): JsonSchema {
  const writer: SchemaWriter = { slot: (slot) => slotSchema(registry.wordsOf(slot).map((word) => word.type)) };
  const definitions: JsonSchema = {};
  for (const word of [...registry.words].sort((a, b) => (a.type < b.type ? -1 : 1)))
    definitions[word.type] = wordSchema(word, writer);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tidemark manifest',
    description: 'A connector described in the declarative language.',
    ...slotSchema(['DeclarativeSource']),
    definitions,
  };
}

/** A component of one of these types: the type decides which definition must hold, so that errors are about that one. */
function slotSchema(types: string[]): JsonSchema {
  return {
    type: 'object',
    required: ['type'],
    properties: { type: { type: 'string', enum: types } },
    allOf: types.map((type) => ({
      if: { required: ['type'], properties: { type: { const: type } } },
      then: { $ref: `#/definitions/${type}` },
    })),
  };
}

function wordSchema(word: ComponentDefinition, writer: SchemaWriter): JsonSchema {
  const properties: JsonSchema = { type: { type: 'string', const: word.type } };
  for (const [name, field] of Object.entries(word.fields)) {
    const { doc, examples, default: preset, isOptional, deprecated } = field.facts;
    const schema = field.schema(writer);
    properties[name] = {
      ...(isOptional ? orNull(schema) : schema),
      ...(doc || deprecated
        ? { description: [doc, deprecated && `Deprecated: ${deprecated}`].filter(Boolean).join(' ') }
        : {}),
      ...(preset === undefined ? {} : { default: preset }),
      ...(examples.length ? { examples: [...examples] } : {}),
    };
  }
  properties.$parameters = {
    type: 'object',
    description: 'Values for the fields of this component and of those below it.',
  };
  const required = Object.entries(word.fields)
    .filter(([, field]) => !field.facts.isOptional)
    .map(([name]) => name);
  return {
    title: word.type,
    description: word.deprecated ? `${word.doc} Deprecated: ${word.deprecated}` : word.doc,
    type: 'object',
    required: ['type', ...required] as Json[],
    properties,
    additionalProperties: word.open === true,
    ...(word.examples?.length ? { examples: [...word.examples] } : {}),
  };
}

/** Null stands for "not there" wherever a field may be left out. */
function orNull(schema: JsonSchema): JsonSchema {
  if (typeof schema.type === 'string' && !schema.enum && !schema.allOf)
    return { ...schema, type: [schema.type, 'null'] };
  if (Array.isArray(schema.type))
    return (schema.type as Json[]).includes('null')
      ? schema
      : { ...schema, type: [...(schema.type as Json[]), 'null'] };
  if (Object.keys(schema).length === 0) return schema;
  const kinds = Array.isArray(schema.anyOf) ? (schema.anyOf as JsonSchema[]) : [schema];
  return { anyOf: [{ type: 'null' } as JsonSchema, ...kinds] };
}
