import { component, field } from '../../component/index.js';
import { judge } from './judge.js';
import { type ConfigValidator, configValidatorSlot, validationStrategySlot } from './slot.js';

export const predicateValidator = component('PredicateValidator', {
  slot: configValidatorSlot,
  doc: 'Judges a value, which is mostly made from the configuration by a template.',
  fields: {
    value: field.deepTemplate().doc('The value.').example("{{ config['api_version'] }}", 123),
    validation_strategy: field.slot(validationStrategySlot).doc('What must hold of the value.'),
  },
  examples: [
    {
      type: 'PredicateValidator',
      value: "{{ config['start_date'] < config['end_date'] }}",
      validation_strategy: { type: 'ValidateAdheresToSchema', base_schema: { const: true } },
    },
  ],
  build: ({ fields }): ConfigValidator => ({
    validate: () => judge(fields.validation_strategy, fields.value(), 'the configuration'),
  }),
});
