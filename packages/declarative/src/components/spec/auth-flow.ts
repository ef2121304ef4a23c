import type { JsonObject } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { type AuthFlow, authFlowSlot, oauthConfigSlot } from './slot.js';

export const authFlow = component('AuthFlow', {
  slot: authFlowSlot,
  doc: 'How a user can consent in the browser instead of typing credentials. It is handed on to the platform; the connector works without it.',
  fields: {
    auth_flow_type: field.enum('oauth2.0', 'oauth1.0').optional().doc('The version of OAuth.'),
    predicate_key: field
      .list(field.string())
      .optional()
      .doc('The path of the field of the configuration that says whether this way is chosen.')
      .example(['credentials', 'auth_type']),
    predicate_value: field
      .string()
      .optional()
      .doc('The value of that field by which this way is chosen.')
      .example('OAuth'),
    oauth_config_specification: field
      .slot(oauthConfigSlot)
      .optional()
      .defaultType('OAuthConfigSpecification')
      .doc('What the consent needs and gives.'),
  },
  examples: [
    {
      type: 'AuthFlow',
      auth_flow_type: 'oauth2.0',
      predicate_key: ['credentials', 'auth_type'],
      predicate_value: 'OAuth',
      oauth_config_specification: {
        type: 'OAuthConfigSpecification',
        complete_oauth_output_specification: {
          type: 'object',
          properties: { refresh_token: { type: 'string', path_in_connector_config: ['credentials', 'refresh_token'] } },
        },
      },
    },
  ],
  build({ fields }): AuthFlow {
    const advancedAuth: JsonObject = {};
    if (fields.auth_flow_type) advancedAuth.auth_flow_type = fields.auth_flow_type;
    if (fields.predicate_key) advancedAuth.predicate_key = fields.predicate_key;
    if (fields.predicate_value !== undefined) advancedAuth.predicate_value = fields.predicate_value;
    if (fields.oauth_config_specification)
      advancedAuth.oauth_config_specification = fields.oauth_config_specification.specification;
    return { advancedAuth };
  },
});
