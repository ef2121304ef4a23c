import type { Json, JsonObject } from '@tidemark/protocol';

/** Where to go on inside a unit: the token of the next page. Opaque to the read loop. */
export type Position = Json;

/**
 * A piece of a stream that one reader reads, page after page, in order: a partition, a date slice of a partition, a range
 * of a table. Units run beside each other.
 */
export interface Unit {
  /** Stable within a stream from run to run: the same partition and slice have the same id. */
  readonly id: string;
  /** Which partition; `{}` when the stream has none. */
  readonly partition: JsonObject;
  /** The cursor's slice, for example `{ start_time, end_time }`; `{}` when there is none. */
  readonly slice: JsonObject;
  /** Carried for templates only (`extra_fields`), never part of state or id. */
  readonly extra?: JsonObject;
  /** Where to begin; absent at the beginning of the unit. */
  readonly position?: Position;
  /** Set when the unit was begun by an earlier run and must begin anew, with the reason: what was read of it comes again. */
  readonly anew?: string;
}

/**
 * The id of a unit that is every unit of a stream: when it begins anew, every row that was ever sent of the stream is taken back,
 * in dedup modes also those of earlier jobs. For a table that was emptied without a word about its rows.
 */
export const WHOLE_STREAM = '*';
