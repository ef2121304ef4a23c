import { component, field } from '../../component/index.js';
import { credential } from './credential.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** A fixed token in the Authorization header. */
export const bearerAuthenticator = component('BearerAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Sends a token in the header `Authorization: Bearer <token>`.',
  fields: {
    api_token: field.template().doc('The token.').example("{{ config['api_key'] }}"),
  },
  examples: [{ type: 'BearerAuthenticator', api_token: "{{ config['api_key'] }}" }],
  build: ({ fields, context }): Authenticator => ({
    parts() {
      const token = credential(fields.api_token);
      context.addSecret(token);
      return { headers: { Authorization: `Bearer ${token}` } };
    },
  }),
});
