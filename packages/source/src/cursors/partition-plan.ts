import { canonical, type JsonObject } from '@tidemark/protocol';
import type { PartitionCursor } from '../cursor.js';
import type { Unit } from '../unit.js';
import { type DonePartitions, nextDigest } from './done-partitions.js';
import { PartitionKeys } from './partition-keys.js';

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
  /** The same partition again is left out (a state can hold it once only); otherwise it is read again, as it comes. */
  distinct: boolean;
  /** Called in the order of the plan for each partition, done already or not. */
  seen(key: string, planned: PlannedPartition, isDone: boolean): void;
  openPartition(key: string, planned: PlannedPartition, anew: string | undefined): OpenPartition;
  unitPlanned(id: string, open: OpenPartition): void;
  partitionDone(open: OpenPartition): void;
}

/**
 * Turns a router's partitions into units: skips those that an earlier run did, in the order of the plan, and knows with each
 * unit whether it is its partition's last.
 */
export async function* planUnits(partitions: AsyncIterable<PlannedPartition>, hooks: PlanHooks): AsyncIterable<Unit> {
  const keys = new PartitionKeys();
  let count = 0;
  const { claim } = hooks.done;
  const held: { key: string; planned: PlannedPartition }[] = [];
  let digest = '';
  for await (const planned of partitions) {
    const { key, isFirst } = keys.next(planned.partition);
    if (hooks.distinct && !isFirst) continue;
    count++;
    if (claim && count <= claim.count) {
      // These should be the folded ones: they are believed to be done once their order is seen to be the same.
      held.push({ key, planned });
      digest = nextDigest(digest, key);
      if (count < claim.count) continue;
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
    const id = `${key} ${canonical(slice)}`;
    hooks.unitPlanned(id, open);
    yield {
      id,
      partition: planned.partition,
      slice,
      extra: planned.extra,
      position,
      ...(reason === undefined ? {} : { anew: reason }),
    };
  }
}
