import { component, field } from '../../component/index.js';
import { jsonBody } from './request-body.js';
import { graphQlQuerySlot, requestBodySlot } from './slot.js';

/** A GraphQL request. */
export const requestBodyGraphQL = component('RequestBodyGraphQL', {
  slot: requestBodySlot,
  doc: 'Sends a GraphQL query as the JSON body of the request.',
  fields: {
    value: field
      .slot(graphQlQuerySlot)
      .defaultType('RequestBodyGraphQlQuery')
      .doc('The query, and beside it what else the API takes, for example `variables`.'),
  },
  examples: [{ type: 'RequestBodyGraphQL', value: { type: 'RequestBodyGraphQlQuery', query: '{ viewer { id } }' } }],
  build: ({ fields }) => jsonBody(fields.value),
});
