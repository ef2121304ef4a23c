import type { Json, JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { RequestParts } from '../requesters/slot.js';

/** What `incremental_sync` builds: makes the cursor of one partition, and knows the stream's cursor as a whole. */
export interface IncrementalSync {
  readonly cursorField: string;
  /** True when the user may choose another cursor field (`allow_catalog_defined_cursor_field`). */
  readonly allowsChosenCursor: boolean;
  /**
   * A cursor for one partition, from its part of the state. `lookbackSeconds` is the partition layer's own look-back;
   * `fingerprint` changes when page positions of an earlier run mean nothing any more.
   */
  cursor(
    state: JsonObject | undefined,
    options: { fingerprint: string; lookbackSeconds?: number; warn: (message: string) => void },
  ): PartitionCursor;
  /** A value of a state in the form that this stream writes. Throws ConnectorError when it cannot be read. */
  normalize(value: Json): Json;
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
