import { type StreamDescriptor, streamKey } from '@tidemark/protocol';
import type { StoredJob, StreamPlan } from './destination.js';

/** Something about the shape of the data is not as it was in the last job. */
export interface SchemaChange {
  stream: StreamDescriptor;
  /**
   * `column_widened`: the column holds more than before (integer to text). `column_moved_aside`: the old column was renamed
   * and a new one stands in its place. `column_retyped`: the column is of another type since its values came, or since the table was
   * written anew. `stream_gone`: the source does not have it any more; its table stays. `primary_key`: rows are
   * told apart by another key than in the last job; `from` and `to` are the keys.
   */
  change:
    | 'stream_added'
    | 'stream_gone'
    | 'column_added'
    | 'column_widened'
    | 'column_retyped'
    | 'column_moved_aside'
    | 'primary_key';
  /** The column's name in the destination. */
  column?: string;
  /** The column's type before, in the destination's words. */
  from?: string;
  to?: string;
}

/** The streams that are deduplicated by another primary key than in the last job: nobody has asked the rows that are there. */
export function keyChanges(stored: StoredJob | undefined, plans: readonly StreamPlan[]): SchemaChange[] {
  const before = new Map((stored?.streams ?? []).map((one) => [streamKey(one.stream), one.primaryKey]));
  return plans.flatMap(({ key, stream, primaryKey, destinationSyncMode }): SchemaChange[] => {
    const known = before.get(key);
    if (!known || !destinationSyncMode.endsWith('_dedup')) return [];
    const [from, to] = [inWords(known), inWords(primaryKey)];
    return from === to ? [] : [{ stream, change: 'primary_key', from, to }];
  });
}

function inWords(key: readonly (readonly string[])[]): string {
  return key.length === 0 ? 'none' : key.map((path) => path.join('.')).join(', ');
}

/**
 * The streams that the source has and the last job did not know, and those that it knew and the source has not any more.
 * `wanted`: the streams of the new job; the others are not "added". Nothing on the first sync.
 */
export function streamChanges(
  stored: StoredJob | undefined,
  offered: readonly StreamDescriptor[],
  wanted: readonly StreamDescriptor[],
): SchemaChange[] {
  if (!stored || stored.streams.length === 0) return [];
  const known = new Set(stored.streams.map(({ stream }) => streamKey(stream)));
  const there = new Set(offered.map(streamKey));
  const added = wanted.filter((stream) => !known.has(streamKey(stream)));
  const gone = stored.streams.filter(({ stream, job }) => job === stored.job.nonce && !there.has(streamKey(stream)));
  return [
    ...added.map(({ name, namespace }): SchemaChange => ({ stream: { name, namespace }, change: 'stream_added' })),
    ...gone.map(({ stream }): SchemaChange => ({ stream, change: 'stream_gone' })),
  ];
}
