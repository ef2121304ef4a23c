import { component, field } from '../../component/index.js';
import { type BackoffStrategy, backoffStrategySlot } from '../error-handlers/slot.js';
import { evaluateNumber, jittered } from './numbers.js';

/** A wait that doubles. */
export const exponentialBackoffStrategy = component('ExponentialBackoffStrategy', {
  slot: backoffStrategySlot,
  doc: 'Waits twice as long before each attempt as before the last one: factor times 2, 4, 8 … seconds.',
  fields: {
    factor: field
      .template({ allow: ['integer', 'number'] })
      .default(5)
      .doc('Seconds that are multiplied.')
      .example(5, "{{ config['factor'] }}"),
    jitter_range_in_seconds: field.number().optional().doc('Adds a random time of up to twice this.'),
  },
  examples: [{ type: 'ExponentialBackoffStrategy', factor: 10 }],
  build: ({ fields }): BackoffStrategy => ({
    seconds: (_outcome, attempt) =>
      jittered(evaluateNumber(fields.factor, 'factor') * 2 ** attempt, fields.jitter_range_in_seconds),
  }),
});
