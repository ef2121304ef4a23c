import { canonical } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { complexFieldTypeSlot, type TypeMapping, typesMapSlot } from './identifier-slot.js';

export const typesMap = component('TypesMap', {
  slot: typesMapSlot,
  doc: 'Says which type of the schema stands for a type of the API.',
  fields: {
    target_type: field
      .either(
        field.string(),
        field.list(field.string()),
        field.slot(complexFieldTypeSlot).defaultType('ComplexFieldType'),
      )
      .doc('The type of the schema; two of them mean one or the other.'),
    current_type: field.either(field.string(), field.list(field.string())).doc('The type as the API names it.'),
    condition: field
      .template({ scope: ['raw_schema'], allow: ['boolean'] })
      .optional()
      .doc('Holds where this line is meant; `raw_schema` is what the API says of the field.'),
  },
  examples: [{ type: 'TypesMap', target_type: 'number', current_type: 'currency' }],
  build: ({ fields }): TypeMapping => {
    const current = canonical(fields.current_type);
    const { condition } = fields;
    return {
      target: fields.target_type,
      applies: (type, rawSchema) =>
        canonical(type) === current && (condition?.isTrue({ raw_schema: rawSchema }) ?? true),
    };
  },
});
