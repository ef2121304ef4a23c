import type { JsonObject } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { auxiliaryRetriever } from '../retrievers/auxiliary-retriever.js';
import { retrieverSlot } from '../retrievers/slot.js';
import { type PropertySource, propertySourceSlot } from './slot.js';

export const propertiesFromEndpoint = component('PropertiesFromEndpoint', {
  slot: propertySourceSlot,
  doc: 'Asks the API which properties there are, once in a run.',
  fields: {
    property_field_path: field
      .list(field.template())
      .doc("The path of a property's name in each record.")
      .example(['name']),
    retriever: field.lazy(retrieverSlot).defaultType('SimpleRetriever').doc('Fetches a record for each property.'),
  },
  examples: [
    {
      type: 'PropertiesFromEndpoint',
      property_field_path: ['name'],
      retriever: {
        type: 'SimpleRetriever',
        requester: { type: 'HttpRequester', url: 'https://api.example.com/properties' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['properties'] } },
      },
    },
  ],
  build({ fields, raw, context }): PropertySource {
    let known: Promise<readonly string[]> | undefined;
    const ask = async (signal: AbortSignal): Promise<readonly string[]> => {
      const path = new Path(fields.property_field_path.map((segment) => segment.text()));
      const retriever = auxiliaryRetriever(raw.retriever as JsonObject, context, 'dynamic_properties');
      const names: string[] = [];
      for await (const page of retriever.pages({ partition: {}, slice: {}, signal })) {
        for (const record of page.records) {
          const [name] = path.values(record);
          if (name !== undefined && name !== null) names.push(String(name));
        }
      }
      return names;
    };
    return {
      properties(signal) {
        known ??= ask(signal).catch((error) => {
          known = undefined;
          throw error;
        });
        return known;
      },
    };
  },
});
