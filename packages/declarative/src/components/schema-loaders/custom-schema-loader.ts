import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type SchemaLoader, schemaLoaderSlot } from './slot.js';

export const customSchemaLoader = component('CustomSchemaLoader', {
  slot: schemaLoaderSlot,
  doc: 'A schema loader of the author’s own code: a class or function that makes a `SchemaLoader`.',
  fields: {
    class_name: field.string().doc('Names the class or function.').example('source_x.components.FieldsLoader'),
  },
  open: true,
  examples: [{ type: 'CustomSchemaLoader', class_name: 'source_x.components.FieldsLoader' }],
  build: ({ raw, parameters, context }): SchemaLoader => makeCustom<SchemaLoader>({ fields: raw, parameters, context }),
});
