import type { JsonObject } from '@tidemark/protocol';
import type { RequestParts } from '../requesters/slot.js';
import type { Partition, PartitionRouter } from './slot.js';

/**
 * Every combination of several routers' partitions; the last router's change fastest. The first is read as it goes, the
 * others are held in memory. Where two have the same key, the earlier one counts. The parents' states are not kept, since no
 * order of combinations could say what of them is done.
 */
export function cartesianProduct(routers: readonly PartitionRouter[]): PartitionRouter {
  const fields = routers.map((router) => router.partitionFields);
  return {
    async *partitions(parentState, signal) {
      const [first, ...others] = routers;
      if (!first) return;
      const held: Partition[][] = [];
      for (const router of others) held.push(await collect(router.partitions(parentState, signal)));
      for await (const partition of first.partitions(parentState, signal)) yield* combine([partition], held);
    },
    parentState: () => undefined,
    // A state without `parent_state` may be all that there is: the parents begin where it says.
    parentStateOf: (state) => merge(routers.map((router) => router.parentStateOf?.(state))),
    parts(scope) {
      const all = routers.map((router) => router.parts(scope));
      return {
        params: merge(all.map((parts) => parts.params)),
        headers: merge(all.map((parts) => parts.headers)),
        bodyData: merge(all.map((parts) => parts.bodyData as Record<string, unknown> | undefined)),
        bodyJson: merge(all.map((parts) => parts.bodyJson as JsonObject | undefined)),
      } satisfies RequestParts;
    },
    get partitionFields() {
      return fields.some((names) => names === undefined) ? undefined : fields.flatMap((names) => names ?? []);
    },
    hasRequestOption: routers.some((router) => router.hasRequestOption),
    needsGlobalCursor: routers.some((router) => router.needsGlobalCursor === true),
  };
}

async function collect(partitions: AsyncIterable<Partition>): Promise<Partition[]> {
  const all = [];
  for await (const partition of partitions) all.push(partition);
  return all;
}

function* combine(chosen: readonly Partition[], others: readonly Partition[][]): Iterable<Partition> {
  const [next, ...rest] = others;
  if (!next) {
    const partition = merge(chosen.map((one) => one.partition)) ?? {};
    const extra = merge(chosen.map((one) => one.extra));
    yield extra ? { partition, extra } : { partition };
    return;
  }
  for (const partition of next) yield* combine([...chosen, partition], rest);
}

/** The maps as one, the earlier ones first in order and in force; undefined when there is none. */
function merge<T extends object>(maps: readonly (T | undefined)[]): T | undefined {
  const given = maps.filter((map) => map !== undefined && Object.keys(map).length > 0);
  return given.length ? Object.assign({}, ...[...given].reverse()) : maps.find((map) => map !== undefined);
}
