import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { chunkCount } from '../cutting/chunk-count.js';
import type { ReadingSettings } from '../dialect.js';
import type { Clients, Opened } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { estimateOf } from './estimate.js';
import { BRACKETS, bracketOf } from './id-order.js';
import { decodeId, encodeId } from './id-position.js';

/** Each chunk of a sampled collection is about as large as others with so many samples a chunk. */
const SAMPLES_PER_CHUNK = 10;
/** Of so many documents one is sampled at most: of more than a twentieth the server would read all documents. */
const DOCUMENTS_PER_SAMPLE = 25;
const SAMPLE_MS = 10_000;
/** The cuts are in every state. */
const CUTS_CHARACTERS_MAX = 256 * 1024;

/**
 * Positions strictly between two `_id`s that cut a large collection into chunks: object ids and whole numbers in equal steps, which
 * costs nothing, all others at the `_id`s of a sample, in the server's own order. Few documents that are large have few samples.
 */
export async function idCuts(
  clients: Clients,
  settings: ReadingSettings,
  collection: Collection,
  [first, last]: readonly [JsonObject, JsonObject],
): Promise<JsonObject[]> {
  const { bytes = 0, rows = 0 } = (await estimateOf(clients, collection)) ?? {};
  const chunks = chunkCount(bytes, settings.chunk_bytes);
  if (chunks < 2) return [];
  const [from, to] = [ordinal(first._id), ordinal(last._id)];
  if (from && to && from.kind === to.kind) return stepsBetween(from, to, BigInt(chunks));
  const size = Math.min(chunks * SAMPLES_PER_CHUNK, Math.floor(rows / DOCUMENTS_PER_SAMPLE));
  const sample = size < 1 ? [] : await sampled(clients, collection, size);
  const ends = new Set([canonical(first), canonical(last)]);
  const cuts = new Map<string, JsonObject>();
  for (let i = 1; i < chunks; i++) {
    const cut = sample[Math.floor((i * sample.length) / chunks)];
    if (cut && !ends.has(canonical(cut))) cuts.set(canonical(cut), cut);
  }
  const characters = [...cuts.keys()].reduce((sum, { length }) => sum + length, 0);
  const every = Math.max(1, Math.ceil(characters / CUTS_CHARACTERS_MAX));
  return [...cuts.values()].filter((_, i) => i % every === 0);
}

/** The `_id`s of some documents in the order of the server; none where it does not give them. */
async function sampled(clients: Clients, collection: Collection, size: number): Promise<JsonObject[]> {
  try {
    const documents = await clients.query(({ client }, { session }) =>
      client
        .db(collection.database)
        .collection(collection.name)
        .aggregate([{ $sample: { size } }, { $project: { _id: 1 } }, { $sort: { _id: 1 } }], {
          session,
          raw: true,
          maxTimeMS: SAMPLE_MS,
          readPreference: client.readPreference,
        })
        .toArray(),
    );
    const { bson } = await clients.open();
    const places: { position: JsonObject; bracket: number }[] = [];
    for (const document of documents as unknown as Uint8Array[]) {
      const place = placeOf(bson, document, collectionId(collection));
      // Types that are out of order would overlap: then nothing is cut there.
      if (place && place.bracket >= (places.at(-1)?.bracket ?? 0)) places.push(place);
    }
    return places.map(({ position }) => position);
  } catch {
    return [];
  }
}

/** Undefined for an `_id` that cannot be kept as a position: it is none of the cuts. */
function placeOf(
  bson: Opened['bson'],
  document: Uint8Array,
  owner: string,
): { position: JsonObject; bracket: number } | undefined {
  try {
    const position = encodeId(bson, document, owner);
    const bracket = bracketOf(decodeId(bson, position, owner)!.value);
    return bracket && { position, bracket: BRACKETS.indexOf(bracket) };
  } catch {
    return undefined;
  }
}

function stepsBetween(from: Ordinal, to: Ordinal, chunks: bigint): JsonObject[] {
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
