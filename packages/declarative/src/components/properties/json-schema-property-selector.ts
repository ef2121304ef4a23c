import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { transformationSlot } from '../transformations/slot.js';
import { type PropertySelector, propertySelectorSlot } from './slot.js';

export const jsonSchemaPropertySelector = component('JsonSchemaPropertySelector', {
  slot: propertySelectorSlot,
  doc: 'Asks only for the properties that the stream has in the catalog: the columns that the user chose.',
  fields: {
    transformations: field
      .list(field.slot(transformationSlot))
      .default([])
      .doc("Change the catalog's field names into those of the API, as if they were a record."),
  },
  examples: [
    { type: 'JsonSchemaPropertySelector', transformations: [{ type: 'KeysReplace', old: 'property_', new: '' }] },
  ],
  build({ fields }): PropertySelector {
    return {
      select(schema) {
        const names = { ...((schema.properties ?? {}) as JsonObject) } as RecordData;
        for (const transformation of fields.transformations) transformation.transform(names, {});
        return new Set(Object.keys(names));
      },
    };
  },
});
