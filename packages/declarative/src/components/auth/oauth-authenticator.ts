import { component, field } from '../../component/index.js';
import { OAuthTokens } from './oauth-tokens.js';
import { updaterField } from './oauth-updater.js';
import { sharedKey } from './shared-key.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** OAuth 2.0 access tokens. */
export const oAuthAuthenticator = component('OAuthAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Obtains an OAuth 2.0 access token and renews it when it is too old: by a refresh token, client credentials or a signed assertion. Streams with the same definition share one token.',
  fields: {
    client_id_name: field.template().default('client_id').doc('What the token request calls the client id.'),
    client_id: field.template().optional().doc('The client id.').example("{{ config['credentials']['client_id'] }}"),
    client_secret_name: field
      .template()
      .default('client_secret')
      .doc('What the token request calls the client secret.'),
    client_secret: field
      .template()
      .optional()
      .doc('The client secret.')
      .example("{{ config['credentials']['client_secret'] }}"),
    refresh_token_name: field
      .template()
      .default('refresh_token')
      .doc('What the token request calls the refresh token.'),
    refresh_token: field
      .template()
      .optional()
      .doc('The refresh token.')
      .example("{{ config['credentials']['refresh_token'] }}"),
    token_refresh_endpoint: field
      .template()
      .optional()
      .doc('Where tokens are obtained; without it `access_token_value` is used as it is.')
      .example('https://login.example.com/oauth/token'),
    access_token_name: field
      .template()
      .default('access_token')
      .doc('The field of the answer that holds the access token, at any depth.'),
    access_token_value: field.template().optional().doc('An access token to begin with.'),
    expires_in_name: field
      .template()
      .default('expires_in')
      .doc('The field of the answer that says how long the token lives.'),
    grant_type_name: field.template().default('grant_type').doc('What the token request calls the grant type.'),
    grant_type: field
      .template()
      .default('refresh_token')
      .doc('The grant type.')
      .example('refresh_token', 'client_credentials'),
    refresh_request_body: field
      .deepTemplate({ type: 'object' })
      .optional()
      .doc('More fields of the token request.')
      .example({ audience: 'https://api.example.com' }),
    refresh_request_headers: field
      .deepTemplate({ type: 'object' })
      .optional()
      .doc('Headers of the token request. With an Authorization header the client credentials are not sent as fields.'),
    send_refresh_request_as_query_params: field
      .boolean()
      .default(false)
      .doc('Send the fields of the token request in its query, with an empty body.'),
    scopes: field
      .list(field.string())
      .optional()
      .doc('The scopes to ask for, sent as `scopes`.')
      .example(['read', 'write']),
    token_expiry_date: field
      .template()
      .optional()
      .doc('When the token of `access_token_value` expires.')
      .example('2030-01-31T00:00:00Z'),
    token_expiry_date_format: field
      .string()
      .optional()
      .doc('Given when the answer names a date of expiry instead of seconds.')
      .example('%Y-%m-%dT%H:%M:%SZ'),
    refresh_token_error_status_codes: field
      .list(field.integer())
      .optional()
      .doc('Statuses of a token request that mean that the refresh token is no longer valid.'),
    refresh_token_error_key: field.string().optional().doc('The field of such an answer that names the error.'),
    refresh_token_error_values: field.list(field.string()).optional().doc('The values of that field that mean it.'),
    refresh_token_updater: updaterField()
      .optional()
      .doc(
        'Given when each token request also gives a new refresh token: where the configuration keeps the tokens. The changed configuration is sent out after each renewal.',
      )
      .example({
        refresh_token_name: 'refresh_token',
        access_token_config_path: ['credentials', 'access_token'],
        refresh_token_config_path: ['credentials', 'refresh_token'],
        token_expiry_date_config_path: ['credentials', 'token_expiry_date'],
      }),
    profile_assertion: field
      .slot(authenticatorSlot)
      .defaultType('JwtAuthenticator')
      .optional()
      .doc('Makes the signed assertion.'),
    use_profile_assertion: field
      .template({ allow: ['boolean'] })
      .default(false)
      .doc('Obtain tokens by the assertion instead of client credentials.'),
  },
  examples: [
    {
      type: 'OAuthAuthenticator',
      token_refresh_endpoint: 'https://login.example.com/oauth/token',
      client_id: "{{ config['client_id'] }}",
      client_secret: "{{ config['client_secret'] }}",
      refresh_token: "{{ config['refresh_token'] }}",
    },
  ],
  build({ fields, context, raw }): Authenticator {
    const key = `oauth ${sharedKey(raw)}`;
    const tokens =
      (context.shared.get(key) as OAuthTokens | undefined) ??
      new OAuthTokens({ ...fields, updater: fields.refresh_token_updater }, context);
    context.shared.set(key, tokens);
    return {
      async parts(_request, signal) {
        return { headers: { Authorization: `Bearer ${await tokens.get(signal)}` } };
      },
      renew: (refused) => tokens.renew(headerOf(refused.headers)?.replace(/^Bearer /, '')),
      token: (signal) => tokens.get(signal),
    };
  },
});

function headerOf(headers: Record<string, string>): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}
