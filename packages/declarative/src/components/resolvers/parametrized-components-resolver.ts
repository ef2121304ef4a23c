import { component, field } from '../../component/index.js';
import { fillTemplate } from './fill-template.js';
import { type ComponentsResolver, componentMappingSlot, componentsResolverSlot, streamParametersSlot } from './slot.js';
import { withoutCondition } from './without-condition.js';

export const parametrizedComponentsResolver = component('ParametrizedComponentsResolver', {
  slot: componentsResolverSlot,
  doc: 'A stream for each set of values that the manifest lists.',
  fields: {
    stream_parameters: field
      .slot(streamParametersSlot)
      .defaultType('StreamParametersDefinition')
      .doc('The sets of values.'),
    components_mapping: field
      .list(field.slot(componentMappingSlot).defaultType('ComponentMappingDefinition'))
      .doc('Which values go where in the template, in this order.'),
  },
  examples: [
    {
      type: 'ParametrizedComponentsResolver',
      stream_parameters: {
        type: 'StreamParametersDefinition',
        list_of_parameters_for_stream: [{ name: 'orders' }, { name: 'refunds' }],
      },
      components_mapping: [
        { type: 'ComponentMappingDefinition', field_path: ['name'], value: "{{ components_values['name'] }}" },
      ],
    },
  ],
  build({ fields }): ComponentsResolver {
    const mappings = withoutCondition(fields.components_mapping, 'ParametrizedComponentsResolver');
    return {
      blames: 'system',
      async *resolve(template) {
        for (const values of fields.stream_parameters.sets) {
          yield fillTemplate(template, mappings, { components_values: values }, { readsYaml: true, creates: true });
        }
      },
    };
  },
});
