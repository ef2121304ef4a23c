import { component, field } from '../../component/index.js';
import { type RequestParts, requestOptionSlot } from '../requesters/slot.js';
import { credential } from './credential.js';
import { type SessionTokenUse, sessionTokenUseSlot } from './slot.js';

/** A session token somewhere in the request. */
export const sessionTokenRequestApiKeyAuthenticator = component('ApiKey', {
  slot: sessionTokenUseSlot,
  doc: 'Sends the session token in a header, in the query or in the body.',
  fields: {
    inject_into: field.slot(requestOptionSlot).defaultType('RequestOption').doc('Where the token goes.'),
    api_token: field
      .template({ scope: ['session_token'] })
      .default('{{ session_token }}')
      .doc('What is sent.')
      .example('Token {{ session_token }}'),
  },
  examples: [
    { type: 'ApiKey', inject_into: { type: 'RequestOption', inject_into: 'header', field_name: 'X-Session' } },
  ],
  build: ({ fields }): SessionTokenUse => ({
    parts(token) {
      const parts: RequestParts = {};
      fields.inject_into.inject(parts, credential(fields.api_token, { session_token: token }));
      return parts;
    },
  }),
});
