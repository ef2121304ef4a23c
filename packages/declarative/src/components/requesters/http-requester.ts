import { component, field } from '../../component/index.js';
import { authenticatorSlot } from '../auth/slot.js';
import { errorHandlerSlot } from '../error-handlers/slot.js';
import { propertySourceSlot, queryPropertiesSlot } from '../properties/slot.js';
import { HttpExchange } from './http-exchange.js';
import { inputField, nestedInputField, REQUEST_SCOPE } from './inputs.js';
import { requestedProperties } from './requested-properties.js';
import { requestBodySlot, requesterSlot } from './slot.js';

const URL_SCOPE = [...REQUEST_SCOPE, 'creation_response', 'polling_response', 'download_target'];

/** Asks an HTTP API. */
export const httpRequester = component('HttpRequester', {
  slot: requesterSlot,
  doc: 'Sends HTTP requests: where to, with what, as whom, and what to do when it goes wrong.',
  fields: {
    url: field
      .template({ scope: URL_SCOPE })
      .optional()
      .doc('The whole URL of the request.')
      .example(
        'https://api.example.com/v1/orders',
        'https://{{ config.domain }}.example.com/orders/{{ stream_partition.id }}',
      ),
    url_base: field
      .template({ scope: URL_SCOPE })
      .optional()
      .doc('The first part of the URL, which several streams share; `path` is added to it.')
      .example('https://api.example.com/v1/'),
    path: field
      .template({ scope: URL_SCOPE })
      .optional()
      .doc('The rest of the URL, below `url_base`.')
      .example('orders/{{ stream_partition.id }}/items'),
    http_method: field.enum('GET', 'POST').default('GET').doc('The method of the request.'),
    authenticator: field.slot(authenticatorSlot).optional().doc('Proves who is asking.'),
    request_parameters: inputField({ keepsText: true, takesProperties: true })
      .optional()
      .doc('The query. A list repeats its parameter, null leaves it out.')
      .example({ updated_since: '{{ stream_interval.start_time }}', expand: 'items' }),
    query_properties: field
      .slot(queryPropertiesSlot)
      .optional()
      .defaultType('QueryProperties')
      .doc(
        'Which properties are asked for: `query_properties` in templates. Or the value of one of `request_parameters`.',
      ),
    fetch_properties_from_endpoint: field
      .slot(propertySourceSlot)
      .optional()
      .defaultType('PropertiesFromEndpoint')
      .deprecated('use `query_properties`.')
      .doc('Where the API lists the properties that are asked for.'),
    request_headers: inputField({ keepsText: false })
      .optional()
      .doc('Headers besides those of the authenticator.')
      .example({ Accept: 'application/json' }),
    request_body: field
      .slot(requestBodySlot)
      .optional()
      .doc('The body: a text, a form, a JSON object or a GraphQL query.'),
    request_body_data: inputField({ keepsText: true })
      .optional()
      .deprecated('use `request_body`.')
      .doc('The body: a form if it is an object, else a text.'),
    request_body_json: nestedInputField().optional().deprecated('use `request_body`.').doc('The body: a JSON object.'),
    error_handler: field
      .slot(errorHandlerSlot)
      .defaultType('DefaultErrorHandler')
      .default({ type: 'DefaultErrorHandler' })
      .doc('What to do with errors.'),
    use_cache: field.boolean().default(false).doc('Keep the answers for other streams that ask the same.'),
    connect_timeout_in_seconds: field.number().optional().doc('How long making a connection may take.'),
    read_timeout_in_seconds: field.number().optional().doc('How long the API may be silent.'),
    use_tcp_keepalive: field
      .boolean()
      .default(false)
      .doc('Keeps idle connections open through firewalls. Connections are always kept alive here.'),
  },
  examples: [
    {
      type: 'HttpRequester',
      url: 'https://api.example.com/v1/orders',
      request_parameters: { status: 'any' },
      authenticator: { type: 'BearerAuthenticator', api_token: "{{ config['token'] }}" },
    },
    {
      type: 'HttpRequester',
      url_base: 'https://api.example.com/v1',
      path: 'search',
      http_method: 'POST',
      request_body: { type: 'RequestBodyJsonObject', value: { query: '*' } },
    },
  ],
  build({ fields, raw, context }) {
    return new HttpExchange({
      context,
      properties: requestedProperties(fields.query_properties, fields.fetch_properties_from_endpoint, raw, context),
      method: fields.http_method,
      url: fields.url,
      base: fields.url_base,
      path: fields.path,
      authenticator: fields.authenticator,
      errorHandler: fields.error_handler,
      params: fields.request_parameters,
      headers: fields.request_headers,
      body: fields.request_body,
      bodyData: fields.request_body_data,
      bodyJson: fields.request_body_json,
      useCache: fields.use_cache,
      connectTimeoutSeconds: fields.connect_timeout_in_seconds,
      readTimeoutSeconds: fields.read_timeout_in_seconds,
    });
  },
});
