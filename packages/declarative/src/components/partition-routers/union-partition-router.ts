import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type PartitionRouter, partitionRouterSlot } from './slot.js';

/** The partitions of several routers, each value once. */
export const unionPartitionRouter = component('UnionPartitionRouter', {
  slot: partitionRouterSlot,
  doc: 'The partitions of several routers one after the other, each value once. What else they carry is for templates only.',
  fields: {
    partition_field: field
      .template()
      .doc('The key that every router below gives its values.')
      .example('repository', "{{ config['partition_field'] }}"),
    partition_routers: field
      .list(field.slot(partitionRouterSlot))
      .doc('At least two routers. They may not put their values into requests themselves.'),
  },
  examples: [
    {
      type: 'UnionPartitionRouter',
      partition_field: 'repository',
      partition_routers: [
        { type: 'ListPartitionRouter', cursor_field: 'repository', values: ['a'] },
        { type: 'ListPartitionRouter', cursor_field: 'repository', values: ['a', 'b'] },
      ],
    },
  ],
  build({ fields, context }): PartitionRouter {
    const { partition_field: name, partition_routers: routers } = fields;
    const stream = context.stream?.name;
    const refuse = (message: string): never => {
      throw new ConnectorError('config', message, { stream });
    };
    if (routers.length < 2) refuse('A UnionPartitionRouter needs at least two partition_routers.');
    if (routers.some((router) => router.hasRequestOption)) {
      refuse(
        'A router below a UnionPartitionRouter cannot have a request_option: put the value into the request with a template.',
      );
    }
    const other = routers.flatMap((router) => router.partitionFields ?? []).find((field) => field !== name.text());
    if (other !== undefined) refuse(`A UnionPartitionRouter of '${name.text()}' has a router that gives '${other}'.`);
    return {
      async *partitions(parentState, signal) {
        const key = name.text();
        const seen = new Set<string>();
        const reached: (JsonObject | undefined)[] = routers.map(() => undefined);
        let states: JsonObject | undefined;
        for (const [i, router] of routers.entries()) {
          for await (const { partition, extra, parentState: state } of router.partitions(parentState, signal)) {
            if (state !== reached[i]) {
              reached[i] = state;
              states = Object.assign({}, ...reached);
            }
            if (!Object.hasOwn(partition, key))
              refuse(`A router below a UnionPartitionRouter of '${key}' gave a partition without it.`);
            const value = partition[key]!;
            const identity =
              scalarKey(value) ??
              refuse(`A UnionPartitionRouter can only compare values that are no list or object, which '${key}' is.`);
            if (seen.has(identity)) continue;
            seen.add(identity);
            const { [key]: _value, ...carried } = partition;
            yield {
              partition: { [key]: value },
              extra: { ...extra, ...carried },
              ...(states === undefined ? {} : { parentState: states }),
            };
          }
        }
      },
      parentState: () => Object.assign({}, ...routers.map((router) => router.parentState())),
      parentStateOf: (state) => {
        const found = routers.map((router) => router.parentStateOf?.(state)).filter((one) => one !== undefined);
        return found.length ? Object.assign({}, ...found) : undefined;
      },
      parts: () => ({}),
      get partitionFields() {
        return [name.text()];
      },
      hasRequestOption: false,
    };
  },
});

/** Equal for equal values; a number and its text differ. */
function scalarKey(value: Json): string | undefined {
  if (value === null || typeof value !== 'object') return `${typeof value === 'string' ? 's' : 'n'}${String(value)}`;
  return 'text' in value ? `n${String(value)}` : undefined;
}
