import { component, Field } from '../../component/index.js';
import { input, REQUEST_SCOPE } from './inputs.js';
import { dataBody } from './request-body.js';
import { requestBodySlot } from './slot.js';

/** A body of text. */
export const requestBodyPlainText = component('RequestBodyPlainText', {
  slot: requestBodySlot,
  doc: 'Sends a text as the body of the request, as it is.',
  fields: {
    value: new Field(
      (raw, site) => input(raw as string, site, { keepsText: true }),
      () => ({ type: 'string', 'x-interpolated': true }),
      (raw) => typeof raw === 'string',
      { doc: '', examples: [], isOptional: false, slots: [], scope: REQUEST_SCOPE },
    )
      .doc('The text.')
      .example('report since {{ stream_interval.start_time }}'),
  },
  examples: [{ type: 'RequestBodyPlainText', value: 'SELECT * FROM orders' }],
  build: ({ fields }) => dataBody(fields.value),
});
