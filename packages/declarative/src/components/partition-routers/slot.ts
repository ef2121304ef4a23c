import type { JsonObject } from '@tidemark/protocol';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';
import type { RequestParts } from '../requesters/slot.js';

/** One partition of a stream. */
export interface Partition {
  /** What state and id are made of, for example `{ parent_slice: {}, pid: 1 }`. */
  readonly partition: JsonObject;
  /** For templates only. */
  readonly extra?: JsonObject;
  /**
   * The parents' state that is right once this partition and all before it are done; the same object while it does not
   * change. Absent when no parent's state is kept (`incremental_dependency` false).
   */
  readonly parentState?: JsonObject;
}

/** Cuts a stream into partitions. */
export interface PartitionRouter {
  /** In the same order from run to run as far as the API allows. Reads parent streams, page by page, as it goes. */
  partitions(parentState: JsonObject | undefined, signal: AbortSignal): AsyncIterable<Partition>;
  /** The parents' state when all partitions are done. */
  parentState(): JsonObject | undefined;
  /** What the partition adds to a request. `scope.stream_slice` is the slice. */
  parts(scope: Scope): RequestParts;
}
export const partitionRouterSlot = slot<PartitionRouter>('partition router');
