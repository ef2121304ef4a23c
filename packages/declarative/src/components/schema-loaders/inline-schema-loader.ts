import { component, field } from '../../component/index.js';
import { type SchemaLoader, schemaLoaderSlot } from './slot.js';

export const inlineSchemaLoader = component('InlineSchemaLoader', {
  slot: schemaLoaderSlot,
  doc: 'The schema stands in the manifest itself.',
  fields: {
    schema: field.object().default({}).doc("The JSON Schema of the stream's records."),
  },
  examples: [
    {
      type: 'InlineSchemaLoader',
      schema: { type: 'object', properties: { id: { type: 'integer' }, name: { type: ['string', 'null'] } } },
    },
  ],
  build: ({ fields }): SchemaLoader => ({ load: () => fields.schema }),
});
