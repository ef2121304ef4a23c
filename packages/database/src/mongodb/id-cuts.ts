import type { Json, JsonObject } from '@tidemark/protocol';
import type { ReadingSettings } from '../dialect.js';
import type { Clients } from './clients.js';
import type { Collection } from './collection.js';
import { estimateOf } from './estimate.js';

/** A collection is cut into at most this many chunks. */
const CHUNKS_MAX = 4_096;

/**
 * Positions strictly between two `_id`s that cut a large collection into chunks, where that costs nothing: object ids and whole
 * numbers are cut in equal steps. The middle of any other `_id`s could only be found by reading them.
 */
export async function idCuts(
  clients: Clients,
  settings: ReadingSettings,
  collection: Collection,
  [first, last]: readonly [JsonObject, JsonObject],
): Promise<JsonObject[]> {
  const [from, to] = [ordinal(first._id), ordinal(last._id)];
  if (!from || !to || from.kind !== to.kind) return [];
  const { bytes = 0 } = (await estimateOf(clients, collection)) ?? {};
  const chunks = BigInt(Math.min(CHUNKS_MAX, Math.ceil(bytes / settings.chunk_bytes)));
  const cuts = new Set<bigint>();
  for (let i = 1n; i < chunks; i++) cuts.add(from.value + ((to.value - from.value) * i) / chunks);
  return [...cuts]
    .filter((cut) => cut >= from.value && cut < to.value)
    .map((cut) => ({ _id: written(from.kind, cut) }));
}

interface Ordinal {
  kind: 'objectId' | 'number';
  value: bigint;
}

function ordinal(id: Json | undefined): Ordinal | undefined {
  if (typeof id !== 'object' || id === null) return undefined;
  const { $oid, $numberLong, $numberDouble } = id as JsonObject;
  if (typeof $oid === 'string') return { kind: 'objectId', value: BigInt(`0x${$oid}`) };
  if (typeof $numberLong === 'string') return { kind: 'number', value: BigInt($numberLong) };
  const number = Number($numberDouble ?? Number.NaN);
  return Number.isSafeInteger(number) ? { kind: 'number', value: BigInt(number) } : undefined;
}

function written(kind: Ordinal['kind'], value: bigint): JsonObject {
  return kind === 'objectId' ? { $oid: value.toString(16).padStart(24, '0') } : { $numberLong: String(value) };
}
