import { component } from '../../component/define.js';
import { field } from '../../component/field.js';
import { type RequestWindowSplitting, requestWindowSplittingSlot } from './recovery-slot.js';

/** The word for smaller windows. */
export const requestWindowSplitting = component('RequestWindowSplitting', {
  slot: requestWindowSplittingSlot,
  doc: 'Reads a slice in halves when an error handler says SPLIT_REQUEST_WINDOW.',
  fields: {
    failure_message: field
      .string()
      .optional()
      .doc('What the user is told besides when the window cannot be split further.'),
    min_split_window: field
      .string()
      .optional()
      .doc('ISO 8601 duration: no window of at most this length is split.')
      .example('PT1H'),
  },
  examples: [{ type: 'RequestWindowSplitting', min_split_window: 'PT1H' }],
  build: ({ fields }): RequestWindowSplitting => ({
    failureMessage: fields.failure_message,
    smallest: fields.min_split_window,
  }),
});
