import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type AddedField, addedFieldSlot } from './added-field-slot.js';

export const addedFieldDefinition = component('AddedFieldDefinition', {
  slot: addedFieldSlot,
  doc: 'One field that AddFields adds.',
  fields: {
    path: field
      .list(field.either(field.string(), field.integer()))
      .doc('Where the field goes. Objects and lists on the way are made when they are missing.')
      .example(['segment_id'], ['metadata', 'segment_id']),
    value: field
      .template({
        scope: ['record', 'stream_slice', 'stream_partition', 'stream_interval'],
        allow: ['integer', 'number', 'boolean'],
      })
      .doc('The value.')
      .example("{{ record['updates'] }}", "{{ stream_partition['segment_id'] }}"),
    value_type: field
      .enum('string', 'number', 'integer', 'boolean')
      .optional()
      .doc('Text that looks like a value of another type than this one stays text. Without it, the value decides.'),
  },
  examples: [{ type: 'AddedFieldDefinition', path: ['shop_id'], value: '{{ config.shop_id }}' }],
  build: ({ fields }): AddedField => {
    const { value, value_type: type } = fields;
    const path = fields.path.map(String);
    if (path.length === 0) throw new ConnectorError('config', 'A field that AddFields adds needs a path.');
    return { path, value: (scope) => value.value(scope, type) as Json };
  },
});
