import { canonical, type JsonObject } from '@tidemark/protocol';
import type { PartitionCursor } from '../cursor.js';
import type { Unit } from '../unit.js';
import { type DonePartitions, nextDigest } from './done-partitions.js';

/** A partition as a router gives it. */
export interface PlannedPartition {
  partition: JsonObject;
  extra?: JsonObject;
  parentState?: JsonObject;
}

/** A partition in work. */
export interface OpenPartition {
  readonly key: string;
  readonly partition: JsonObject;
  readonly cursor: PartitionCursor;
  openUnits: number;
  /** Every slice of it has been handed out. */
  plannedAll: boolean;
}

interface PlanHooks {
  done: DonePartitions;
  /** Called in the order of the plan for each partition, done already or not. */
  seen(key: string, planned: PlannedPartition, isDone: boolean): void;
  openPartition(key: string, planned: PlannedPartition, anew: string | undefined): OpenPartition;
  partitionDone(open: OpenPartition): void;
}

/**
 * Turns a router's partitions into units: skips those that an earlier run did, in the order of the plan, and knows with each
 * unit whether it is its partition's last.
 */
export async function* planUnits(partitions: AsyncIterable<PlannedPartition>, hooks: PlanHooks): AsyncIterable<Unit> {
  const known = new Set<string>();
  const { claim } = hooks.done;
  const held: { key: string; planned: PlannedPartition }[] = [];
  let digest = '';
  for await (const planned of partitions) {
    const key = canonical(planned.partition);
    if (known.has(key)) continue;
    known.add(key);
    if (claim && known.size <= claim.count) {
      // These should be the folded ones: they are believed to be done once their order is seen to be the same.
      held.push({ key, planned });
      digest = nextDigest(digest, key);
      if (known.size < claim.count) continue;
      yield* settle(held.splice(0), digest === claim.digest, hooks);
      continue;
    }
    yield* unitsOf(key, planned, undefined, hooks);
  }
  if (held.length) yield* settle(held, false, hooks);
}

async function* settle(
  held: { key: string; planned: PlannedPartition }[],
  holds: boolean,
  hooks: PlanHooks,
): AsyncIterable<Unit> {
  hooks.done.settle(holds);
  for (const { key, planned } of held) {
    if (holds) hooks.seen(key, planned, true);
    else
      yield* unitsOf(
        key,
        planned,
        'the partitions come in another order than in the run that this state is from',
        hooks,
      );
  }
}

function* unitsOf(key: string, planned: PlannedPartition, anew: string | undefined, hooks: PlanHooks): Iterable<Unit> {
  const isDone = hooks.done.has(key);
  hooks.seen(key, planned, isDone);
  hooks.done.planned(key);
  if (isDone) return;
  const open = hooks.openPartition(key, planned, anew);
  const slices = open.cursor.slices()[Symbol.iterator]();
  let next = slices.next();
  if (next.done) {
    open.plannedAll = true;
    hooks.partitionDone(open);
    return;
  }
  while (!next.done) {
    const { slice, position, anew: sliceAnew } = next.value;
    next = slices.next();
    open.openUnits++;
    if (next.done) open.plannedAll = true;
    const reason = sliceAnew ?? anew;
    yield {
      id: canonical({ partition: planned.partition, slice }),
      partition: planned.partition,
      slice,
      extra: planned.extra,
      position,
      ...(reason === undefined ? {} : { anew: reason }),
    };
  }
}
