import type { Json, JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { setKey } from '../../component/path.js';
import { auxiliaryRetriever } from '../retrievers/auxiliary-retriever.js';
import { sliceScope } from '../retrievers/slice-scope.js';
import { type Retriever, retrieverSlot } from '../retrievers/slot.js';
import { fillTemplate } from './fill-template.js';
import { type ComponentsResolver, componentMappingSlot, componentsResolverSlot } from './slot.js';
import { withoutCondition } from './without-condition.js';

export const httpComponentsResolver = component('HttpComponentsResolver', {
  slot: componentsResolverSlot,
  doc: 'A stream for each record that the API gives: a table, a form, a report.',
  fields: {
    retriever: field
      .lazy(retrieverSlot)
      .defaultType('SimpleRetriever')
      .doc('Fetches the records. Its answers are kept for the whole run.'),
    components_mapping: field
      .list(field.slot(componentMappingSlot).defaultType('ComponentMappingDefinition'))
      .doc('Which values of a record go where in the template, in this order.'),
  },
  examples: [
    {
      type: 'HttpComponentsResolver',
      retriever: {
        type: 'SimpleRetriever',
        requester: { type: 'HttpRequester', url: 'https://api.example.com/tables' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['tables'] } },
      },
      components_mapping: [
        { type: 'ComponentMappingDefinition', field_path: ['name'], value: "{{ components_values['name'] }}" },
      ],
    },
  ],
  build({ fields, raw, context }): ComponentsResolver {
    const mappings = withoutCondition(fields.components_mapping, 'HttpComponentsResolver');
    if (mappings.some((mapping) => mapping.creates)) {
      context.log(
        'WARN',
        'create_or_update has no effect with HttpComponentsResolver: only paths that are in the template are filled.',
      );
    }
    return {
      blames: 'system',
      async *resolve(template, signal) {
        const retriever = auxiliaryRetriever(raw.retriever as JsonObject, context, '__http_components_resolver');
        for await (const { record, slice } of records(retriever, signal)) {
          const scope = { components_values: quoted(record as Json), stream_slice: slice };
          yield fillTemplate(template, mappings, scope, { readsYaml: false, creates: false });
        }
      },
    };
  },
});

async function* records(
  retriever: Retriever,
  signal: AbortSignal,
): AsyncIterable<{ record: RecordData; slice: unknown }> {
  const router = retriever.partitionRouter;
  for await (const { partition, extra } of router
    ? router.partitions(undefined, signal)
    : [{ partition: {}, extra: undefined }]) {
    const slice = sliceScope({
      partition: quoted(partition) as JsonObject,
      slice: {},
      extra: quoted(extra) as JsonObject,
    }).stream_slice;
    for await (const page of retriever.pages({ partition, slice: {}, extra, signal })) {
      for (const record of page.records) yield { record, slice };
    }
  }
}

/**
 * What the API says, so that it stays text wherever it lands in the template: a name such as `{{ config.api_key }}` is the
 * API's word, not the author's.
 */
function quoted(value: Json | undefined): Json | undefined {
  if (typeof value === 'string')
    return /\{[{%#]/.test(value) ? value.replace(/\{[{%#]/g, (mark) => `{{ '${mark}' }}`) : value;
  if (Array.isArray(value)) return value.map((item) => quoted(item) as Json);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value as JsonObject)) setKey(copy, key, quoted(item));
  return copy;
}
