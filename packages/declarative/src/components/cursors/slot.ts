import type { JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { RequestParts } from '../requesters/slot.js';

/** What `incremental_sync` builds: makes the cursor of one partition, and knows the stream's cursor as a whole. */
export interface IncrementalSync {
  readonly cursorField: string;
  /** A cursor for one partition, from its part of the state. `lookbackSeconds` is the global layer's own look-back. */
  cursor(state: JsonObject | undefined, lookbackSeconds?: number): PartitionCursor;
  /** What the slice adds to a request. */
  parts(slice: JsonObject): RequestParts;
  /** Keep only the record's that are new to `state`: client-side incremental streams and data feeds. */
  readonly isClientSide: boolean;
  readonly isDataFeed: boolean;
  readonly isGlobalSubstream: boolean;
  /** Orders two cursor values as they stand in a state. */
  compare(a: unknown, b: unknown): number;
  /** The record's cursor value in the form of the state; undefined when it has none or it cannot be read. */
  valueOf(record: RecordData): unknown;
  /** For a data feed: false once a record is older than what the state says was read. */
  isNew(record: RecordData, state: JsonObject | undefined): boolean;
}
export const incrementalSyncSlot = slot<IncrementalSync>('cursor');
