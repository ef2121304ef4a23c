import type { JsonObject } from '@tidemark/protocol';
import type { BuildContext } from '../../component/index.js';
import { type Retriever, retrieverSlot } from './slot.js';

/**
 * A retriever beside the stream's own, which asks for what a stream is made of: its answers are kept for the whole run, and
 * nothing of the stream is done to its records.
 */
export function auxiliaryRetriever(raw: JsonObject, context: BuildContext, name: string): Retriever {
  const { requester } = raw;
  const isObject = typeof requester === 'object' && requester !== null && !Array.isArray(requester);
  const kept = isObject ? { ...raw, requester: { ...(requester as JsonObject), use_cache: true } } : raw;
  const stream = { name, primaryKey: [], transformations: [], schema: () => ({}) };
  return context.builder.build(kept, retrieverSlot, { ...context, stream });
}
