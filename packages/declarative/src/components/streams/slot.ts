import type { JsonObject } from '@tidemark/protocol';
import type { Stream } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** A stream of a manifest: also what a substream reads its partitions from. */
export interface DeclarativeStream extends Stream {
  readonly primaryKey: readonly string[][];
  readonly isIncremental: boolean;
  schema(): Promise<JsonObject> | JsonObject;
}
/** What an entry of `streams` builds: the streams, none or many of them (conditional, dynamic). */
export interface StreamSource {
  streams(): Promise<DeclarativeStream[]> | DeclarativeStream[];
}
export const streamSlot = slot<StreamSource>('stream');
