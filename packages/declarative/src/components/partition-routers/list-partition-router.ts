import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, type Expression, field } from '../../component/index.js';
import { requestOptionSlot } from '../requesters/slot.js';
import { injectPartition } from './inject-partition.js';
import { type PartitionRouter, partitionRouterSlot } from './slot.js';

/** Reads the stream once for each value of a list. */
export const listPartitionRouter = component('ListPartitionRouter', {
  slot: partitionRouterSlot,
  doc: 'Reads the stream once for each value of a list that the manifest or the configuration gives.',
  fields: {
    cursor_field: field
      .template()
      .doc("The name that the value has in templates: `{{ stream_partition['section'] }}`.")
      .example('section', "{{ config['section_key'] }}"),
    values: field
      .either(field.list(field.string()), field.template())
      .doc('The values: a list as it is, or a template that gives one.')
      .example(['open', 'closed'], "{{ config['sections'] }}"),
    request_option: field
      .slot(requestOptionSlot)
      .optional()
      .defaultType('RequestOption')
      .doc('Where the value goes in each request.'),
  },
  examples: [{ type: 'ListPartitionRouter', cursor_field: 'section', values: ['open', 'closed'] }],
  build({ fields, context }): PartitionRouter {
    const { values, cursor_field: name, request_option: option } = fields;
    return {
      get partitionFields() {
        return [name.text()];
      },
      hasRequestOption: option !== undefined,
      async *partitions() {
        const key = name.text();
        for (const value of Array.isArray(values) ? values : listOf(values, context.stream?.name))
          yield { partition: { [key]: value } };
      },
      parentState: () => undefined,
      parts: (scope) => injectPartition([{ field: name.text(), option }], scope),
    };
  },
});

/** What the template gives, as a list. */
function listOf(template: Expression, stream: string | undefined): Iterable<Json> {
  const values = template.value();
  if (Array.isArray(values)) return values as Json[];
  // Any text is its characters, as the language's own loops have it.
  if (typeof values === 'string') return values;
  if (typeof values === 'object' && values !== null) {
    if (Symbol.iterator in values) return values as Iterable<Json>;
    if (Object.getPrototypeOf(values) === Object.prototype) return Object.keys(values);
  }
  throw new ConnectorError('config', `The values of the stream's partitions are no list: ${template.source}`, {
    stream,
  });
}
