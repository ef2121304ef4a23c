import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { type Partition, type PartitionRouter, partitionRouterSlot } from './slot.js';

/** Puts several partitions into one. */
export const groupingPartitionRouter = component('GroupingPartitionRouter', {
  slot: partitionRouterSlot,
  doc: 'Puts several partitions of another router into one, for APIs that take a list of ids. One cursor value is kept for all of them.',
  fields: {
    group_size: field.integer().doc('How many partitions make one.').example(50),
    underlying_partition_router: field
      .slot(partitionRouterSlot)
      .doc('Gives the partitions. It may not put them into requests itself.'),
    deduplicate: field.boolean().default(true).doc('Leave out a value that came before.'),
  },
  examples: [
    {
      type: 'GroupingPartitionRouter',
      group_size: 2,
      underlying_partition_router: { type: 'ListPartitionRouter', cursor_field: 'ids', values: ['a', 'b', 'c'] },
    },
  ],
  build({ fields, context }): PartitionRouter {
    const { group_size: size, underlying_partition_router: router, deduplicate } = fields;
    const stream = context.stream?.name;
    if (size < 1)
      throw new ConnectorError('config', `A GroupingPartitionRouter needs a group_size of at least 1, not ${size}.`, {
        stream,
      });
    if (router.hasRequestOption) {
      throw new ConnectorError(
        'config',
        'A router below a GroupingPartitionRouter cannot have a request_option: put the group into the request with a template.',
        { stream },
      );
    }
    return {
      async *partitions(parentState, signal) {
        const seen = new Set<string>();
        let batch: Partition[] = [];
        let reached: JsonObject | undefined;
        for await (const partition of router.partitions(parentState, signal)) {
          reached = partition.parentState;
          const key = canonical(onlyValue(partition.partition, stream));
          if (deduplicate && seen.has(key)) continue;
          if (deduplicate) seen.add(key);
          batch.push(partition);
          if (batch.length < size) continue;
          yield grouped(batch, reached);
          batch = [];
        }
        if (batch.length) yield grouped(batch, reached);
      },
      parentState: () => router.parentState(),
      parentStateOf: (state) => router.parentStateOf?.(state),
      parts: () => ({}),
      get partitionFields() {
        return router.partitionFields;
      },
      hasRequestOption: false,
      needsGlobalCursor: true,
    };
  },
});

function onlyValue(partition: JsonObject, stream: string | undefined): Json | undefined {
  const names = Object.keys(partition).filter((name) => name !== 'parent_slice');
  if (names.length !== 1) {
    throw new ConnectorError(
      'config',
      `A GroupingPartitionRouter can group partitions with one key, not ${names.join(', ') || 'none'}.`,
      { stream },
    );
  }
  return partition[names[0]!];
}

/** The partitions as one: a list for each key. */
function grouped(batch: readonly Partition[], parentState: JsonObject | undefined): Partition {
  const partition: JsonObject = {};
  for (const key of Object.keys(batch[0]!.partition)) partition[key] = batch.map((one) => one.partition[key] ?? null);
  const extra: JsonObject = {};
  for (const key of new Set(batch.flatMap((one) => Object.keys(one.extra ?? {}))))
    extra[key] = batch.map((one) => one.extra?.[key] ?? null);
  return {
    partition,
    ...(Object.keys(extra).length ? { extra } : {}),
    ...(parentState === undefined ? {} : { parentState }),
  };
}
