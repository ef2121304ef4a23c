import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { type Retriever, retrieverSlot } from '../retrievers/slot.js';
import { type RecordFilter, recordFilterSlot } from '../selectors/slot.js';
import { transformationSlot } from '../transformations/slot.js';
import { schemaReaderSlot } from './identifier-slot.js';
import { type SchemaLoader, schemaLoaderSlot } from './slot.js';

export const dynamicSchemaLoader = component('DynamicSchemaLoader', {
  slot: schemaLoaderSlot,
  doc: 'Asks the API which fields the records have, and makes the schema of the first record of its answer.',
  fields: {
    retriever: field.lazy(retrieverSlot).defaultType('SimpleRetriever').doc('Fetches the description of the fields.'),
    schema_type_identifier: field
      .slot(schemaReaderSlot)
      .defaultType('SchemaTypeIdentifier')
      .doc('Says where names and types stand in the description.'),
    schema_filter: field
      .slot(recordFilterSlot)
      .optional()
      .defaultType('RecordFilter')
      .doc('Drops fields; each comes as a record of one field, its name and its schema.'),
    schema_transformations: field
      .list(field.slot(transformationSlot))
      .default([])
      .doc('Changes to the properties of the schema.'),
  },
  examples: [
    {
      type: 'DynamicSchemaLoader',
      retriever: {
        type: 'SimpleRetriever',
        requester: { type: 'HttpRequester', url: 'https://api.example.com/fields' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
      },
      schema_type_identifier: { type: 'SchemaTypeIdentifier', key_pointer: ['name'], type_pointer: ['type'] },
    },
  ],
  build: ({ fields, context }): SchemaLoader => {
    // The description is no record of the stream: the stream's transformations are not for it.
    const retriever = fields.retriever({ ...context, stream: { name: context.stream?.name ?? '', primaryKey: [] } });
    return {
      load: async (signal = new AbortController().signal) => {
        const description = await firstRecord(retriever, signal);
        const properties = description ? fields.schema_type_identifier.properties(description as JsonObject) : {};
        const kept: RecordData = fields.schema_filter ? filtered(properties, fields.schema_filter) : properties;
        for (const transformation of fields.schema_transformations) transformation.transform(kept, {});
        return {
          $schema: 'https://json-schema.org/draft-07/schema#',
          type: 'object',
          additionalProperties: true,
          properties: kept as JsonObject,
        };
      },
    };
  },
});

async function firstRecord(retriever: Retriever, signal: AbortSignal): Promise<RecordData | undefined> {
  for await (const page of retriever.pages({ partition: {}, slice: {}, signal })) {
    if (page.records.length > 0) return page.records[0];
  }
  return undefined;
}

function filtered(properties: JsonObject, filter: RecordFilter): RecordData {
  const kept: RecordData = {};
  const scope = {};
  for (const key of Object.keys(properties)) {
    const record: RecordData = {};
    setKey(record, key, properties[key]);
    if (filter.keeps(record, scope)) setKey(kept, key, properties[key]);
  }
  return kept;
}
