import type { Json, JsonObject } from '@tidemark/protocol';
import type { Page, RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { component, field } from '../../src/component/index.js';
import { type Retriever, retrieverSlot } from '../../src/components/retrievers/slot.js';
import { complexFieldType } from '../../src/components/schema-loaders/complex-field-type.js';
import { dynamicSchemaLoader } from '../../src/components/schema-loaders/dynamic-schema-loader.js';
import { schemaTypeIdentifier } from '../../src/components/schema-loaders/schema-type-identifier.js';
import { schemaLoaderSlot } from '../../src/components/schema-loaders/slot.js';
import { typesMap } from '../../src/components/schema-loaders/types-map.js';
import { recordFilter } from '../../src/components/selectors/record-filter.js';
import { keysToLower } from '../../src/components/transformations/keys-to-lower.js';
import { build } from '../selectors/build-word.js';

/** A retriever that gives one page of these records. */
const given = component('Given', {
  slot: retrieverSlot,
  doc: 'For this test.',
  fields: { records: field.json() },
  build: ({ fields }): Retriever => ({
    isPaginated: false,
    partitionRouter: undefined,
    fingerprint: () => '',
    async *pages(): AsyncIterable<Page> {
      yield { records: [] };
      yield { records: fields.records as unknown as RecordData[] };
    },
  }),
});
const WORDS = [complexFieldType, dynamicSchemaLoader, given, keysToLower, recordFilter, schemaTypeIdentifier, typesMap];

async function properties(records: Json, identifier: JsonObject, more: JsonObject = {}): Promise<unknown> {
  const raw = {
    type: 'DynamicSchemaLoader',
    retriever: { type: 'Given', records },
    schema_type_identifier: {
      type: 'SchemaTypeIdentifier',
      key_pointer: ['name'],
      type_pointer: ['kind'],
      ...identifier,
    },
    ...more,
  };
  const schema = await build(raw, schemaLoaderSlot, WORDS).load();
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: true,
  });
  return schema.properties;
}
const map = (current_type: Json, target_type: Json, condition?: string) => ({
  type: 'TypesMap',
  current_type,
  target_type,
  ...(condition ? { condition } : {}),
});

describe('DynamicSchemaLoader', () => {
  it('makes properties of the fields that the first record describes', async () => {
    const fields = [{ name: 'Id', kind: 'integer' }, { name: 'at', kind: 'timestamp_without_timezone' }, { name: 'x' }];
    expect(
      await properties([{ meta: { fields } }, { meta: { fields: [{ name: 'other' }] } }], {
        schema_pointer: ['meta', 'fields'],
      }),
    ).toEqual({
      Id: { type: ['null', 'integer'] },
      at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
      x: { type: ['null', 'string'] },
    });
  });

  it('brings the types of the API into those of the schema', async () => {
    const fields = [
      { name: 'a', kind: 'money' },
      { name: 'b', kind: ['x', 'y'] },
      { name: 'c', kind: 'many' },
      { name: 'd', kind: 'money', big: 1 },
    ];
    const identifier = {
      schema_pointer: ['f'],
      types_mapping: [
        map('money', 'integer', "{{ raw_schema['big'] == 1 }}"),
        map('money', 'number'),
        map(['x', 'y'], ['string', 'date']),
        map('many', {
          type: 'ComplexFieldType',
          field_type: 'array',
          items: { type: 'ComplexFieldType', field_type: 'array', items: 'integer' },
        }),
      ],
    };
    expect(await properties([{ f: fields }], identifier)).toEqual({
      a: { type: ['null', 'number'] },
      b: { oneOf: [{ type: ['null', 'string'] }, { type: ['null', 'string'], format: 'date' }] },
      c: { type: ['null', 'array'], items: { type: ['null', 'array'], items: { type: ['null', 'integer'] } } },
      d: { type: ['null', 'integer'] },
    });
  });

  it('filters and transforms the properties', async () => {
    const more = {
      schema_filter: { type: 'RecordFilter', condition: "{{ 'B' not in record }}" },
      schema_transformations: [{ type: 'KeysToLower' }],
    };
    expect(await properties([{ f: [{ name: 'A' }, { name: 'B' }] }], { schema_pointer: ['f'] }, more)).toEqual({
      a: { type: ['null', 'string'] },
    });
  });

  it('has no properties where the API describes none', async () => {
    expect(await properties([], {})).toEqual({});
    expect(await properties([{}], { schema_pointer: ['f'] })).toEqual({});
  });

  it.each([
    ['a type that nobody knows', [{ name: 'a', kind: 'blob' }], "the type 'blob'"],
    ['a field without a name', [{ kind: 'string' }], 'without a name'],
    ['three types', [{ name: 'a', kind: ['string', 'integer', 'date'] }], 'a list of two'],
  ])('refuses %s', async (_, fields, message) => {
    await expect(properties([{ f: fields }], { schema_pointer: ['f'] })).rejects.toThrow(message);
  });
});
