import { component, Field } from '../../component/index.js';
import { input, isMap, REQUEST_SCOPE } from './inputs.js';
import { dataBody } from './request-body.js';
import { requestBodySlot } from './slot.js';

/** A form body. */
export const requestBodyUrlEncodedForm = component('RequestBodyUrlEncodedForm', {
  slot: requestBodySlot,
  doc: 'Sends fields as a form, `a=1&b=2`, with the content type application/x-www-form-urlencoded.',
  fields: {
    value: new Field(
      (raw, site) => input(raw as never, site, { keepsText: true }),
      () => ({ type: 'object', additionalProperties: { type: 'string', 'x-interpolated': true } }),
      isMap,
      { doc: '', examples: [], isOptional: false, slots: [], scope: REQUEST_SCOPE },
    )
      .doc('The fields of the form; a list repeats its field.')
      .example({ status: 'open', since: '{{ stream_interval.start_time }}' }),
  },
  examples: [{ type: 'RequestBodyUrlEncodedForm', value: { status: 'open' } }],
  build: ({ fields }) => dataBody(fields.value),
});
