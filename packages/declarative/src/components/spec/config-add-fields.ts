import { component, field } from '../../component/index.js';
import { setAtPath } from '../../component/set-at-path.js';
import { addedFieldSlot } from '../transformations/added-field-slot.js';
import { type ConfigTransformation, configTransformationSlot } from './slot.js';

export const configAddFields = component('ConfigAddFields', {
  slot: configTransformationSlot,
  doc: 'Adds fields to the configuration, or gives them new values; each sees those that were added before it.',
  fields: {
    fields: field
      .list(field.slot(addedFieldSlot).defaultType('AddedFieldDefinition'))
      .doc('The fields, in the order in which they are added.'),
    condition: field
      .template({ scope: ['value', 'path'], allow: ['boolean'] })
      .default('')
      .doc('Adds a field only where this holds; `value` is what would be added, `path` where.')
      .example("{{ config['environment'] == 'sandbox' }}"),
  },
  examples: [
    {
      type: 'ConfigAddFields',
      fields: [{ type: 'AddedFieldDefinition', path: ['host'], value: "{{ config['shop'] }}.example.com" }],
    },
  ],
  build({ fields }): ConfigTransformation {
    const condition = fields.condition.source.trim() === '' ? undefined : fields.condition;
    return {
      transform(config) {
        for (const { path, value: evaluate } of fields.fields) {
          const value = evaluate({});
          if (condition && !condition.isTrue({ value, path })) continue;
          setAtPath(config, path, value);
        }
      },
    };
  },
});
