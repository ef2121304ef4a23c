import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type BackoffStrategy, backoffStrategySlot } from '../error-handlers/slot.js';

/** The author's own strategy. */
export const customBackoffStrategy = component('CustomBackoffStrategy', {
  slot: backoffStrategySlot,
  doc: 'A backoff strategy of your own, from the components file beside the manifest.',
  open: true,
  fields: {
    class_name: field
      .string()
      .doc('Name of the export, after the last dot.')
      .example('source_example.components.MyBackoff'),
  },
  examples: [{ type: 'CustomBackoffStrategy', class_name: 'source_example.components.MyBackoff' }],
  build: ({ raw, parameters, context }): BackoffStrategy =>
    makeCustom<BackoffStrategy>({ fields: raw, parameters, context }),
});
