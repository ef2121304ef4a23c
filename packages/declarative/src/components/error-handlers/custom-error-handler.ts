import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type ErrorHandler, errorHandlerSlot } from './slot.js';

/** The author's own error handler. */
export const customErrorHandler = component('CustomErrorHandler', {
  slot: errorHandlerSlot,
  doc: 'An error handler of your own, from the components file beside the manifest.',
  open: true,
  fields: {
    class_name: field
      .string()
      .doc('Name of the export, after the last dot.')
      .example('source_example.components.MyErrorHandler'),
  },
  examples: [{ type: 'CustomErrorHandler', class_name: 'source_example.components.MyErrorHandler' }],
  build: ({ raw, parameters, context }): ErrorHandler => makeCustom<ErrorHandler>({ fields: raw, parameters, context }),
});
