import type { Json, JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { RequestParts } from '../requesters/slot.js';
import type { Moment } from './moment.js';

/** What `incremental_sync` builds: makes the cursor of one partition, and knows the stream's cursor as a whole. */
export interface IncrementalSync {
  readonly cursorField: string;
  /** True when the user may choose another cursor field (`allow_catalog_defined_cursor_field`). */
  readonly allowsChosenCursor: boolean;
  /** The same with the field that the user chose in the catalog. */
  chosen(cursorField: string): IncrementalSync;
  /** False when there is no way to keep a state for each partition. */
  readonly allowsPartitions: boolean;
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
  valueOf(record: RecordData): Json | undefined;
  /** The highest cursor value of a page in the form of the state: far cheaper than `valueOf` of each record. */
  highest(records: readonly RecordData[]): Json | undefined;
  /** Whether a record has this cursor value, in the form of the state. */
  at(value: Json): (record: RecordData) => boolean;
  /** The slice from this cursor value on (PaginationReset): what follows a value that has been seen. */
  narrow(slice: JsonObject, highest: Json): JsonObject;
  /**
   * The slice as two halves that do not overlap; undefined when it cannot be split further: no granularity, one unit of it
   * left, or no longer than `smallest` (an ISO 8601 duration).
   */
  split(slice: JsonObject, smallest?: string): [JsonObject, JsonObject] | undefined;
  /**
   * False when the record lies before what `state` (less the look-backs) says was read, or beyond the end. A record without
   * a cursor value that can be read counts as new.
   */
  isNew(record: RecordData, state: JsonObject | undefined, lookbackSeconds?: number): boolean;
  /**
   * True when this value of a state lies longer ago than `period` (an ISO 8601 duration); undefined when it cannot be read.
   * Absent where cursor values are no moments.
   */
  isOlder?(value: Json, period: string): boolean | undefined;
}
export const incrementalSyncSlot = slot<IncrementalSync>('cursor');

/** A moment of the manifest within its bounds, as it is when it is asked for. */
export interface BoundedMoment {
  /** `field` names it in errors; `format` is read by when it has none of its own. Throws ConnectorError (config). */
  moment(field: string, format: string): Moment;
  /** Nothing stands in its place. */
  readonly isEmpty: boolean;
}
export const boundedMomentSlot = slot<BoundedMoment>('moment');
