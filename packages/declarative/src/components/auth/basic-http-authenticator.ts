import { component, field } from '../../component/index.js';
import { credential } from './credential.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** User and password in the Authorization header. */
export const basicHttpAuthenticator = component('BasicHttpAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Sends user and password in the header `Authorization: Basic <base64 of user:password>`.',
  fields: {
    username: field
      .template()
      .doc('The user; APIs with keys often want the key here.')
      .example("{{ config['api_key'] }}"),
    password: field.template().default('').doc('The password.').example("{{ config['password'] }}", 'x'),
  },
  examples: [
    { type: 'BasicHttpAuthenticator', username: "{{ config['user'] }}", password: "{{ config['password'] }}" },
  ],
  build: ({ fields, context }): Authenticator => ({
    parts() {
      const credentials = Buffer.from(`${credential(fields.username)}:${credential(fields.password)}`, 'utf8').toString(
        'base64',
      );
      context.addSecret(credentials);
      return { headers: { Authorization: `Basic ${credentials}` } };
    },
  }),
});
