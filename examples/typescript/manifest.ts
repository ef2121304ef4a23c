// A manifest in TypeScript: the editor completes and checks it, and what YAML would repeat is a function here.
import { type DeclarativeStream, type DefaultPaginator, defineManifest } from '@tidemark/declarative/manifest';

const paginator: DefaultPaginator = {
  type: 'DefaultPaginator',
  page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'offset' },
  page_size_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'limit' },
  pagination_strategy: { type: 'OffsetIncrement', page_size: "{{ config.get('page_size', 500) }}" },
};

/** A list that the API serves in pages. */
function list(name: string, primary_key: string, properties: Record<string, { type: string[] }>): DeclarativeStream {
  return {
    type: 'DeclarativeStream',
    name,
    primary_key,
    retriever: {
      type: 'SimpleRetriever',
      requester: {
        type: 'HttpRequester',
        url: `{{ config['base_url'] }}/v1/${name}`,
        authenticator: { type: 'BearerAuthenticator', api_token: "{{ config['token'] }}" },
      },
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['items'] } },
      paginator,
    },
    schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties } },
  };
}

export default defineManifest({
  version: '7.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['products'] },
  spec: {
    type: 'Spec',
    connection_specification: {
      type: 'object',
      required: ['base_url', 'token'],
      properties: {
        base_url: { type: 'string', title: 'Address of the API' },
        token: { type: 'string', title: 'Token', airbyte_secret: true },
        page_size: { type: 'integer', title: 'Records a page', default: 500 },
      },
    },
  },
  streams: [
    list('products', 'sku', {
      sku: { type: ['string'] },
      title: { type: ['null', 'string'] },
      price: { type: ['null', 'number'] },
    }),
  ],
});
