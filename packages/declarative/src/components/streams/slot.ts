import type { JsonObject } from '@tidemark/protocol';
import type { Stream } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** A stream of a manifest: also what a substream reads its partitions from. */
export interface DeclarativeStream extends Stream {
  readonly primaryKey: readonly string[][];
  readonly isIncremental: boolean;
  schema(): Promise<JsonObject> | JsonObject;
  /**
   * True when what the state says was read last lies longer ago than `period` (an ISO 8601 duration); undefined when it says
   * nothing that can be read. Absent where the stream has no cursor of moments.
   */
  isOlder?(state: JsonObject, period: string): boolean | undefined;
}
/** What an entry of `streams` builds: the streams, none or many of them (conditional, dynamic). */
export interface StreamSource {
  /** Asks the API where the streams are only known there (dynamic streams). The same streams each time. */
  streams(signal?: AbortSignal): Promise<DeclarativeStream[]> | DeclarativeStream[];
}
export const streamSlot = slot<StreamSource>('stream');
export const dynamicStreamSlot = slot<StreamSource>('dynamic stream');
