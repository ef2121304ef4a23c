import { toText } from '@tidemark/interpolation';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { valueAt } from './config-path.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** The user's choice among several ways of authentication. */
export const selectiveAuthenticator = component('SelectiveAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Uses the authenticator whose name stands at a place in the configuration.',
  open: true,
  fields: {
    authenticator_selection_path: field
      .list(field.string())
      .doc('The place in the configuration.')
      .example(['credentials', 'auth_type']),
    authenticators: field.map(field.lazy(authenticatorSlot)).doc('The authenticators by name.'),
  },
  examples: [
    {
      type: 'SelectiveAuthenticator',
      authenticator_selection_path: ['credentials', 'auth_type'],
      authenticators: {
        token: { type: 'BearerAuthenticator', api_token: "{{ config['credentials']['token'] }}" },
        basic: { type: 'BasicHttpAuthenticator', username: "{{ config['credentials']['user'] }}" },
      },
    },
  ],
  build({ fields, context }): Authenticator {
    const { authenticators, authenticator_selection_path: path } = fields;
    // Chosen when first needed: `spec` and `discover` work without a configuration that is complete.
    let chosen: Authenticator | undefined;
    const choose = (): Authenticator => {
      if (chosen) return chosen;
      const value = valueAt(context.config, path);
      if (value === undefined)
        throw new ConnectorError(
          'config',
          `The configuration has nothing at '${path.join('.')}', which chooses the authentication.`,
        );
      const name = toText(value);
      if (!Object.hasOwn(authenticators, name)) {
        throw new ConnectorError(
          'config',
          `'${path.join('.')}' is '${name}': it must be one of ${Object.keys(authenticators).join(', ')}.`,
        );
      }
      chosen = authenticators[name]!();
      return chosen;
    };
    return {
      parts: (request, signal) => choose().parts(request, signal),
      renew: (refused) => choose().renew?.(refused) ?? false,
      observe: (request, response) => choose().observe?.(request, response),
      hasAlternative: (refused) => choose().hasAlternative?.(refused) ?? false,
    };
  },
});
