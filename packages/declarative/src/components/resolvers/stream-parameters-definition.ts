import { component, field } from '../../component/index.js';
import { type StreamParameters, streamParametersSlot } from './slot.js';

export const streamParametersDefinition = component('StreamParametersDefinition', {
  slot: streamParametersSlot,
  doc: 'The values of dynamic streams, in the manifest itself.',
  fields: {
    list_of_parameters_for_stream: field
      .list(field.object())
      .doc('An object for each stream.')
      .example([
        { name: 'orders', entity: 'order' },
        { name: 'refunds', entity: 'refund' },
      ]),
  },
  examples: [
    { type: 'StreamParametersDefinition', list_of_parameters_for_stream: [{ name: 'orders', entity: 'order' }] },
  ],
  build: ({ fields }): StreamParameters => ({ sets: fields.list_of_parameters_for_stream }),
});
