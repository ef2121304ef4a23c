import type { Json } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { type ComponentMapping, componentMappingSlot } from './slot.js';

const SCOPE = ['components_values', 'stream_slice', 'stream_template_config'] as const;

export const componentMappingDefinition = component('ComponentMappingDefinition', {
  slot: componentMappingSlot,
  doc: 'Puts one value into the template of a dynamic stream.',
  fields: {
    field_path: field
      .list(field.template({ scope: SCOPE }))
      .doc(
        'Where the value goes in the template; `*` is any key or item, `**` any depth. A path that is not there is left alone.',
      )
      .example(['name'], ['retriever', 'requester', 'path'], ['**', 'primary_key']),
    value: field
      .template({ scope: SCOPE, allow: ['integer', 'number', 'boolean'] })
      .doc('The value; `components_values` is what the resolver found for this stream.')
      .example("{{ components_values['id'] }}"),
    value_type: field
      .enum('string', 'number', 'integer', 'boolean')
      .optional()
      .doc('The type of the value. Without it, the value decides.'),
    create_or_update: field
      .boolean()
      .default(false)
      .doc('Make the path where it is not there (not with HttpComponentsResolver).'),
    condition: field
      .template({ scope: SCOPE, allow: ['boolean'] })
      .optional()
      .doc('Only where this holds (ConfigComponentsResolver).')
      .example("{{ components_values.get('cursor_field') }}"),
  },
  examples: [{ type: 'ComponentMappingDefinition', field_path: ['name'], value: "{{ components_values['name'] }}" }],
  build({ fields }): ComponentMapping {
    const { field_path: segments, value, value_type: type, condition } = fields;
    return {
      path: (scope) => segments.map((segment) => segment.text(scope)),
      value: (scope) => (type ? value.evaluateAs(type, scope) : value.evaluate(scope)) as Json,
      isText: type === 'string',
      creates: fields.create_or_update,
      applies: condition && condition.source.trim() !== '' ? (scope) => condition.isTrue(scope) : undefined,
    };
  },
});
