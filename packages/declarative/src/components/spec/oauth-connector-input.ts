import type { Json, JsonObject } from '@tidemark/protocol';
import { Field, type JsonSchema } from '../../component/index.js';

const SCOPES: JsonSchema = {
  type: ['array', 'null'],
  items: {
    type: 'object',
    required: ['scope'],
    properties: { scope: { type: 'string', description: 'One scope.' } },
    additionalProperties: true,
  },
};
const text = (description: string): JsonSchema => ({ type: ['string', 'null'], description });
const map = (description: string): JsonSchema => ({
  type: ['object', 'null'],
  description,
  additionalProperties: true,
});

/** What the platform is told of the consent's requests. */
const PROPERTIES: Record<string, JsonSchema> = {
  consent_url: { type: 'string', description: "Where the user consents, with the platform's placeholders in it." },
  scope: text('The scopes in one text.'),
  scopes: { ...SCOPES, description: 'The scopes one by one; they win over `scope`.' },
  optional_scopes: { ...SCOPES, description: 'Scopes that may be refused.' },
  scopes_join_strategy: {
    type: ['string', 'null'],
    enum: ['space', 'comma', 'plus', null],
    default: 'space',
    description: 'What stands between scopes.',
  },
  access_token_url: { type: 'string', description: 'Where the code is exchanged for tokens.' },
  access_token_headers: map('Headers of that request.'),
  access_token_params: map('The body of that request.'),
  extract_output: {
    type: ['array', 'null'],
    items: { type: 'string' },
    description: 'Which fields of the answer are kept.',
  },
  state: {
    type: ['object', 'null'],
    required: ['min', 'max'],
    properties: { min: { type: 'integer' }, max: { type: 'integer' } },
    additionalProperties: true,
    description: 'The least and greatest length of the `state` parameter.',
  },
  client_id_key: text('The name of the client id, where it is not `client_id`.'),
  client_secret_key: text('The name of the client secret, where it is not `client_secret`.'),
  scope_key: text('The name of the scope, where it is not `scope`.'),
  state_key: text('The name of the state, where it is not `state`.'),
  auth_code_key: text('The name of the code, where it is not `code`.'),
  redirect_uri_key: text('The name of the redirect address, where it is not `redirect_uri`.'),
};

/** The field for `oauth_connector_input_specification`: the known keys in their order, the join strategy filled in. */
export const connectorInput: Field<JsonObject> = new Field<JsonObject>(
  (raw) => known(raw as JsonObject),
  () => ({
    type: 'object',
    required: ['consent_url', 'access_token_url'],
    properties: PROPERTIES,
    additionalProperties: true,
  }),
  (raw) => typeof raw === 'object' && raw !== null && !Array.isArray(raw),
);

function known(raw: JsonObject): JsonObject {
  const specification: JsonObject = {};
  for (const name of Object.keys(PROPERTIES)) {
    const value: Json = Object.hasOwn(raw, name) ? (raw[name] ?? null) : null;
    if (value !== null) specification[name] = value;
    else if (name === 'scopes_join_strategy') specification[name] = 'space';
  }
  return specification;
}
