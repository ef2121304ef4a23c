import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type RequestParts, requestOptionSlot } from '../requesters/slot.js';
import { credential } from './credential.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** A key somewhere in the request. */
export const apiKeyAuthenticator = component('ApiKeyAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Sends a key in a header, in the query or in the body.',
  fields: {
    api_token: field
      .template()
      .optional()
      .doc('The key.')
      .example("{{ config['api_key'] }}", "Token token={{ config['api_key'] }}"),
    header: field
      .template()
      .optional()
      .doc('The header that takes the key; short for an `inject_into` of a header.')
      .example('X-Api-Key'),
    inject_into: field.slot(requestOptionSlot).defaultType('RequestOption').optional().doc('Where the key goes.'),
  },
  examples: [
    { type: 'ApiKeyAuthenticator', header: 'X-Api-Key', api_token: "{{ config['api_key'] }}" },
    {
      type: 'ApiKeyAuthenticator',
      inject_into: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'key' },
      api_token: "{{ config['api_key'] }}",
    },
  ],
  build({ fields, context }): Authenticator {
    const { header, inject_into: option } = fields;
    if (!header === !option)
      throw new ConnectorError('config', 'An ApiKeyAuthenticator needs either header or inject_into, and not both.');
    return {
      parts() {
        const key = fields.api_token ? credential(fields.api_token) : '';
        context.addSecret(key);
        if (option) {
          const parts: RequestParts = {};
          option.inject(parts, key);
          return parts;
        }
        const name = header!.text();
        return name ? { headers: { [name]: key } } : {};
      },
    };
  },
});
