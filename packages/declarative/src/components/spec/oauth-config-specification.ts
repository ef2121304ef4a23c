import type { Json, JsonObject } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { connectorInput } from './oauth-connector-input.js';
import { type OAuthConfig, oauthConfigSlot } from './slot.js';

/** The fields that are handed on as they stand, in the protocol's order around the connector's own input. */
const PARTS = [
  'oauth_user_input_from_connector_config_specification',
  'oauth_connector_input_specification',
  'complete_oauth_output_specification',
  'complete_oauth_server_input_specification',
  'complete_oauth_server_output_specification',
] as const;

export const oauthConfigSpecification = component('OAuthConfigSpecification', {
  slot: oauthConfigSlot,
  doc: "What a consent by OAuth needs from the user and the platform, and which fields of the configuration it fills. Templates in it are the platform's, not the manifest's.",
  fields: {
    oauth_user_input_from_connector_config_specification: field
      .object()
      .optional()
      .doc('Fields of the configuration that the consent needs: each with `path_in_connector_config`.')
      .example({ app_id: { type: 'string', path_in_connector_config: ['info', 'app_id'] } }),
    oauth_connector_input_specification: connectorInput
      .optional()
      .doc('The addresses, scopes and parameters of the consent.'),
    complete_oauth_output_specification: field
      .object()
      .optional()
      .doc('Where the fields that the consent gave go in the configuration.')
      .example({ refresh_token: { type: 'string', path_in_connector_config: ['credentials', 'refresh_token'] } }),
    complete_oauth_server_input_specification: field
      .object()
      .optional()
      .doc('What the platform itself must know to complete the consent.')
      .example({ client_id: { type: 'string' }, client_secret: { type: 'string' } }),
    complete_oauth_server_output_specification: field
      .object()
      .optional()
      .doc('Which of these the connector needs too, and where they go in the configuration.')
      .example({ client_id: { type: 'string', path_in_connector_config: ['credentials', 'client_id'] } }),
  },
  examples: [
    {
      type: 'OAuthConfigSpecification',
      oauth_connector_input_specification: {
        consent_url:
          'https://auth.example.com/authorize?{{ client_id_param }}&{{ redirect_uri_param }}&{{ state_param }}',
        access_token_url: 'https://auth.example.com/token',
        scopes: [{ scope: 'users:read' }, { scope: 'orders:read' }],
        scopes_join_strategy: 'space',
        extract_output: ['refresh_token'],
      },
    },
  ],
  open: true,
  build({ fields }): OAuthConfig {
    const specification: JsonObject = {};
    for (const part of PARTS) {
      const value = fields[part];
      if (value) specification[part] = withoutNulls(value);
    }
    return { specification };
  },
});

/** The protocol leaves out what is null. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const kept = Object.entries(value as JsonObject).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item as Json)]));
}
