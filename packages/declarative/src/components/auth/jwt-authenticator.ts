import { component, Field, field } from '../../component/index.js';
import { type RequestParts, requestOptionSlot } from '../requesters/slot.js';
import { JwtTokens } from './jwt-tokens.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** A signed token of our own making. */
export const jwtAuthenticator = component('JwtAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Signs a JSON Web Token with a key of the configuration and sends it, by default in the Authorization header.',
  fields: {
    secret_key: field
      .template()
      .doc('The key: a text for HS algorithms, a PEM private key for the others.')
      .example("{{ config['private_key'] }}"),
    base64_encode_secret_key: field
      .template({ allow: ['boolean'] })
      .default(false)
      .doc('Encode the key in base64 before it is used.'),
    algorithm: field
      .enum(
        'HS256',
        'HS384',
        'HS512',
        'ES256',
        'ES256K',
        'ES384',
        'ES512',
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'EdDSA',
      )
      .doc('How the token is signed.'),
    token_duration: field.integer().default(1200).doc('How long the token is good for, seconds.'),
    header_prefix: field.template().optional().doc('Stands before the token, followed by a space.').example('Bearer'),
    jwt_headers: templates('kid', 'typ', 'cty')
      .optional()
      .doc('`kid`, `typ` (JWT by default) and `cty` of the header.')
      .example({ kid: "{{ config['key_id'] }}", typ: 'JWT' }),
    additional_jwt_headers: field.deepTemplate({ type: 'object' }).optional().doc('More fields of the header.'),
    jwt_payload: templates('iss', 'sub', 'aud')
      .optional()
      .doc('`iss`, `sub` and `aud` of the payload.')
      .example({ iss: "{{ config['client_id'] }}", aud: 'https://api.example.com' }),
    additional_jwt_payload: field.deepTemplate({ type: 'object' }).optional().doc('More fields of the payload.'),
    passphrase: field.template().optional().doc('Opens an encrypted private key.'),
    request_option: field.slot(requestOptionSlot).defaultType('RequestOption').optional().doc('Where the token goes.'),
  },
  examples: [
    {
      type: 'JwtAuthenticator',
      secret_key: "{{ config['secret'] }}",
      algorithm: 'HS256',
      header_prefix: 'Bearer',
      jwt_payload: { iss: "{{ config['client_id'] }}" },
    },
  ],
  build({ fields, context }): Authenticator {
    const tokens = new JwtTokens(fields, context);
    const whole = async () => {
      const token = await tokens.get();
      const prefix = fields.header_prefix?.text() ?? '';
      return prefix ? `${prefix} ${token}` : token;
    };
    return {
      async parts() {
        const token = await whole();
        if (!fields.request_option) return { headers: { Authorization: token } };
        const parts: RequestParts = {};
        fields.request_option.inject(parts, token);
        return parts;
      },
      token: whole,
    };
  },
});

/** An object of templates with these names. */
function templates(...names: string[]) {
  const each = field.map(field.template());
  return new Field(
    each.read,
    () => ({
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(names.map((name) => [name, { type: ['string', 'null'], 'x-interpolated': true }])),
    }),
    each.matches,
  );
}
