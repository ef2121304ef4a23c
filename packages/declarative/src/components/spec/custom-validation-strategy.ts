import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type ValidationStrategy, validationStrategySlot } from './slot.js';

/** The author's class has `validate(value)`, which throws (or rejects) when the value is not as it should be. */
export const customValidationStrategy = component('CustomValidationStrategy', {
  slot: validationStrategySlot,
  doc: "A judgement of a value by the connector's own code: an object with `validate(value)`, which throws an Error with a sentence for the user.",
  fields: {
    class_name: field
      .string()
      .doc('Names the class or function that makes it.')
      .example('source_example.components.KnownRegion'),
  },
  examples: [{ type: 'CustomValidationStrategy', class_name: 'source_example.components.KnownRegion' }],
  open: true,
  build: ({ raw, parameters, context }) => makeCustom<ValidationStrategy>({ fields: raw, parameters, context }),
});
