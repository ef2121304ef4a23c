import type { Json, JsonObject } from '@tidemark/protocol';
import type { Page, RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { PartitionRouter } from '../partition-routers/slot.js';
import type { RequestParts } from '../requesters/slot.js';

/** One unit to be retrieved. */
export interface Retrieval {
  readonly partition: JsonObject;
  readonly slice: JsonObject;
  readonly extra?: JsonObject;
  /** The page token to begin at; absent: the beginning. */
  readonly position?: Json;
  readonly signal: AbortSignal;
  /** What the cursor adds to each request. */
  readonly parts?: (slice: JsonObject) => RequestParts;
  /** Drops what is not new (client-side incremental), after pagination has seen it. */
  readonly keep?: (record: RecordData) => boolean;
  /** How the unit's slice can be narrowed and split; absent for streams without a cursor. */
  readonly window?: SliceWindow;
  /** For data feeds: paging stops after the first page with a record that is not new. */
  readonly isNew?: (record: RecordData) => boolean;
  /** The schema that the catalog has, with the fields that the user wants. */
  readonly schema?: JsonObject;
  readonly onRestart?: (reason: string) => void;
  /** Lets others read while this unit waits; `ReadOptions` says what must hold. */
  readonly idle?: <T>(wait: () => Promise<T>) => Promise<T>;
}

/** What a retriever may do with a slice that the API refuses. */
export interface SliceWindow {
  narrow(slice: JsonObject, highest: Json): JsonObject;
  split(slice: JsonObject, smallest?: string): [JsonObject, JsonObject] | undefined;
  highest(records: readonly RecordData[]): Json | undefined;
  compare(a: unknown, b: unknown): number;
}

/** Fetches the pages of a unit. */
export interface Retriever {
  /** False when a unit has only one page, or no position in it can be named. */
  readonly isPaginated: boolean;
  readonly partitionRouter: PartitionRouter | undefined;
  pages(retrieval: Retrieval): AsyncIterable<Page>;
  /** A short text that changes when positions of an earlier run mean nothing any more. */
  fingerprint(): string;
}
export const retrieverSlot = slot<Retriever>('retriever');
