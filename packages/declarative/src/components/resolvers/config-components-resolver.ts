import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { fillTemplate } from './fill-template.js';
import { type ComponentsResolver, componentMappingSlot, componentsResolverSlot, streamValuesSlot } from './slot.js';

/** More streams than this are a mistake of the configuration, not a wish. */
const STREAMS_MAX = 100_000;

export const configComponentsResolver = component('ConfigComponentsResolver', {
  slot: componentsResolverSlot,
  doc: 'A stream for each item of a list in the configuration; of several lists, for each combination of their items.',
  fields: {
    stream_config: field
      .either(
        field.list(field.slot(streamValuesSlot).defaultType('StreamConfig')),
        field.slot(streamValuesSlot).defaultType('StreamConfig'),
      )
      .doc('Where the lists stand in the configuration.'),
    components_mapping: field
      .list(field.slot(componentMappingSlot).defaultType('ComponentMappingDefinition'))
      .doc('Which values go where in the template, in this order.'),
  },
  examples: [
    {
      type: 'ConfigComponentsResolver',
      stream_config: { type: 'StreamConfig', configs_pointer: ['custom_queries'] },
      components_mapping: [
        { type: 'ComponentMappingDefinition', field_path: ['name'], value: "{{ components_values['name'] }}" },
      ],
    },
  ],
  build({ fields }): ComponentsResolver {
    const lists = Array.isArray(fields.stream_config) ? fields.stream_config : [fields.stream_config];
    return {
      blames: 'config',
      async *resolve(template) {
        for (const values of combinations(lists.map((list) => list.values()))) {
          yield fillTemplate(
            template,
            fields.components_mapping,
            { components_values: values },
            { readsYaml: true, creates: true },
          );
        }
      },
    };
  },
});

/** Each combination of one item a list, as one object; what is no object goes under `source_config_<list>` with its index. */
function* combinations(lists: readonly Json[][]): Iterable<JsonObject> {
  const count = lists.reduce((product, list) => product * list.length, 1);
  if (count > STREAMS_MAX)
    throw new ConnectorError('config', `The configuration asks for ${count} streams; at most ${STREAMS_MAX} are made.`);
  for (let number = 0; number < count; number++) {
    const merged: JsonObject = {};
    let rest = count;
    lists.forEach((list, index) => {
      rest /= list.length;
      const at = Math.floor(number / rest) % list.length;
      const item = list[at] as Json;
      if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
        for (const [key, value] of Object.entries(item)) setKey(merged, key, value);
      } else if (!Object.hasOwn(merged, `source_config_${index}`)) merged[`source_config_${index}`] = [at, item];
    });
    yield merged;
  }
}
