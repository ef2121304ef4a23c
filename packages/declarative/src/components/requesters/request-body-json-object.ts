import { component, Field } from '../../component/index.js';
import { isMap, nestedInput, REQUEST_SCOPE } from './inputs.js';
import { jsonBody } from './request-body.js';
import { requestBodySlot } from './slot.js';

/** A JSON body. */
export const requestBodyJsonObject = component('RequestBodyJsonObject', {
  slot: requestBodySlot,
  doc: 'Sends a JSON object as the body of the request. Fields whose value is null are left out.',
  fields: {
    value: new Field(
      (raw, site) => nestedInput(raw as never, site),
      () => ({ type: 'object', 'x-interpolated': true }),
      isMap,
      { doc: '', examples: [], isOptional: false, slots: [], scope: REQUEST_SCOPE },
    )
      .doc('The object, with templates at any depth, in keys and values.')
      .example({ filter: { updated_after: '{{ stream_interval.start_time }}' } }),
  },
  examples: [{ type: 'RequestBodyJsonObject', value: { filter: { status: ['open', 'closed'] } } }],
  build: ({ fields }) => jsonBody(fields.value),
});
