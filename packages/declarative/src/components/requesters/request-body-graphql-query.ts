import { component, field } from '../../component/index.js';
import { nestedInput } from './inputs.js';
import { graphQlQuerySlot } from './slot.js';

/** The query of a GraphQL request. */
export const requestBodyGraphQlQuery = component('RequestBodyGraphQlQuery', {
  slot: graphQlQuerySlot,
  doc: 'A GraphQL query. Other fields, `variables` for example, are sent beside it.',
  open: true,
  fields: {
    query: field
      .string()
      .doc('The text of the query; templates in it are evaluated.')
      .example('{ viewer { repositories(first: 100) { nodes { id } } } }'),
  },
  examples: [{ type: 'RequestBodyGraphQlQuery', query: '{ viewer { id } }', variables: { first: 100 } }],
  build({ raw, context, parameters }) {
    const { type: _type, $parameters: _parameters, ...body } = raw;
    return nestedInput(body, { context, parameters });
  },
});
