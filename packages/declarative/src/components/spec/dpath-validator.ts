import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { judge } from './judge.js';
import { type ConfigValidator, configValidatorSlot, validationStrategySlot } from './slot.js';

export const dpathValidator = component('DpathValidator', {
  slot: configValidatorSlot,
  doc: 'Judges the value at a path of the configuration. Where there is none, nothing is judged.',
  fields: {
    field_path: field
      .list(field.template())
      .doc('The path of the value; `*` is any key or item: each is judged.')
      .example(['data', 'records'], ['accounts', '*', 'id']),
    validation_strategy: field.slot(validationStrategySlot).doc('What must hold of the value.'),
  },
  examples: [
    {
      type: 'DpathValidator',
      field_path: ['account_ids', '*'],
      validation_strategy: { type: 'ValidateAdheresToSchema', base_schema: { type: 'integer', minimum: 1 } },
    },
  ],
  build({ fields, context }): ConfigValidator {
    if (fields.field_path.length === 0)
      throw new ConnectorError('config', 'DpathValidator needs a field_path that is not empty.');
    return {
      async validate(config) {
        const segments = fields.field_path.map((part) => part.text());
        const name = segments.join('.');
        const values = new Path(segments).values(config) as Json[];
        if (values.length === 0) context.log('INFO', `The configuration has no '${name}': nothing to validate.`);
        for (const value of values) await judge(fields.validation_strategy, value, `'${name}' of the configuration`);
      },
    };
  },
});
