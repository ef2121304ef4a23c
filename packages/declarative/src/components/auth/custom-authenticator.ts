import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** The author's own authenticator. */
export const customAuthenticator = component('CustomAuthenticator', {
  slot: authenticatorSlot,
  doc: 'An authenticator of your own, from the components file beside the manifest.',
  open: true,
  fields: {
    class_name: field
      .string()
      .doc('Name of the export, after the last dot.')
      .example('source_example.components.MyAuthenticator'),
  },
  examples: [{ type: 'CustomAuthenticator', class_name: 'source_example.components.MyAuthenticator' }],
  build: ({ raw, parameters, context }): Authenticator =>
    makeCustom<Authenticator>({ fields: raw, parameters, context }),
});
