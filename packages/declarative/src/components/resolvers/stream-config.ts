import type { Json } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { type StreamValues, streamValuesSlot } from './slot.js';

export const streamConfig = component('StreamConfig', {
  slot: streamValuesSlot,
  doc: 'Where in the configuration the values of dynamic streams stand: a list with an item for each stream.',
  fields: {
    configs_pointer: field
      .list(field.template())
      .doc('The path in the configuration.')
      .example(['custom_queries'], ['data', 'streams']),
    default_values: field
      .list(field.json())
      .optional()
      .doc('Items that are there in any case, after those of the configuration.'),
  },
  examples: [{ type: 'StreamConfig', configs_pointer: ['custom_queries'] }],
  build({ fields, context }): StreamValues {
    return {
      values() {
        const path = new Path(fields.configs_pointer.map((segment) => segment.text()));
        const [found] = path.values(context.config) as (Json | undefined)[];
        const items = found === undefined ? [] : Array.isArray(found) ? found : [found];
        return [...items, ...(fields.default_values ?? [])];
      },
    };
  },
});
