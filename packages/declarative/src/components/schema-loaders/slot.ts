import type { JsonObject } from '@tidemark/protocol';
import { slot } from '../../component/slot.js';

/** Knows the JSON Schema of a stream's records. */
export interface SchemaLoader {
  load(signal?: AbortSignal): JsonObject | Promise<JsonObject>;
}
export const schemaLoaderSlot = slot<SchemaLoader>('schema loader');
