import { component, field } from '../../component/index.js';
import { type BackoffStrategy, backoffStrategySlot } from '../error-handlers/slot.js';
import { evaluateNumber, jittered } from './numbers.js';

/** Always the same wait. */
export const constantBackoffStrategy = component('ConstantBackoffStrategy', {
  slot: backoffStrategySlot,
  doc: 'Waits the same time before each attempt.',
  fields: {
    backoff_time_in_seconds: field
      .template({ allow: ['integer', 'number'] })
      .doc('Seconds to wait.')
      .example(30, 2.5, "{{ config['wait'] }}"),
    jitter_range_in_seconds: field.number().optional().doc('Adds a random time of up to twice this.'),
  },
  examples: [{ type: 'ConstantBackoffStrategy', backoff_time_in_seconds: 60 }],
  build: ({ fields }): BackoffStrategy => ({
    seconds: () =>
      jittered(
        evaluateNumber(fields.backoff_time_in_seconds, 'backoff_time_in_seconds'),
        fields.jitter_range_in_seconds,
      ),
  }),
});
