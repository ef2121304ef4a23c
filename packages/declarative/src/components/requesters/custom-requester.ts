import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type Requester, requesterSlot } from './slot.js';

/** The author's own requester. */
export const customRequester = component('CustomRequester', {
  slot: requesterSlot,
  doc: 'A requester of your own, from the components file beside the manifest.',
  open: true,
  fields: {
    class_name: field
      .string()
      .doc('Name of the export, after the last dot.')
      .example('source_example.components.MyRequester'),
  },
  examples: [{ type: 'CustomRequester', class_name: 'source_example.components.MyRequester' }],
  build: ({ raw, parameters, context }): Requester => makeCustom<Requester>({ fields: raw, parameters, context }),
});
