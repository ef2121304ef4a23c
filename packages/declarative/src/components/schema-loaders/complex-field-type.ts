import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type ComplexType, complexFieldTypeSlot } from './identifier-slot.js';

export const complexFieldType = component('ComplexFieldType', {
  slot: complexFieldTypeSlot,
  doc: 'A type with parts: a list and what its items are.',
  fields: {
    field_type: field.string().doc('The type.').example('array'),
    items: field
      .either(field.string(), field.slot(complexFieldTypeSlot).defaultType('ComplexFieldType'))
      .optional()
      .doc('The type of the items, for `array` alone.'),
  },
  examples: [{ type: 'ComplexFieldType', field_type: 'array', items: 'string' }],
  build: ({ fields }): ComplexType => {
    if (fields.items !== undefined && fields.field_type !== 'array') {
      throw new ConnectorError('config', `Only an array has items, not a '${fields.field_type}'.`);
    }
    return { fieldType: fields.field_type, items: fields.items };
  },
});
