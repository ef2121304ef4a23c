import type { JsonObject } from '@tidemark/protocol';
import type { RecordData, Unit } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';
import type { RequestOption, RequestParts } from '../requesters/slot.js';
import type { DeclarativeStream } from '../streams/slot.js';

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
  /** The parents' state when all partitions are done; undefined for routers that have no parents. */
  parentState(): JsonObject | undefined;
  /**
   * The parents' state that a state of this stream without `parent_state` (of an older version) stands for; undefined when
   * it says nothing of them.
   */
  parentStateOf?(state: JsonObject): JsonObject | undefined;
  /** What the partition adds to a request. `scope.stream_slice` is the slice. */
  parts(scope: Scope): RequestParts;
  /** The keys that name a partition, in the order of the manifest; undefined when the router's author alone knows them. */
  readonly partitionFields: readonly string[] | undefined;
  /** `parts` adds something. */
  readonly hasRequestOption: boolean;
  /** Its partitions are cut otherwise from run to run: one cursor value must be kept for all of them. */
  readonly needsGlobalCursor?: boolean;
  /** The first page of a partition is in the parent's record already: `extra.child_response`, the decoded body. */
  readonly isLazy?: boolean;
}
export const partitionRouterSlot = slot<PartitionRouter>('partition router');

/** A stream whose records are the partitions of another. */
export interface ParentStream {
  readonly partitionField: string;
  readonly requestOption: RequestOption | undefined;
  /** Its cursor's state is part of the substream's state. */
  readonly keepsState: boolean;
  readonly isLazy: boolean;
  stream(): Promise<DeclarativeStream>;
  /** The partition that a record stands for; undefined when it lacks the key. */
  partition(record: RecordData, unit: Unit): Pick<Partition, 'partition' | 'extra'> | undefined;
}
export const parentStreamSlot = slot<ParentStream>('parent stream');
