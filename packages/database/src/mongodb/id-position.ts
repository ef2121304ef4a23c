import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BSON } from 'mongodb';
import { type Bound, bracketOf } from './id-order.js';
import { DECODING } from './values.js';

type Bson = typeof BSON;

/**
 * A value as a state keeps it: MongoDB's extended JSON, every type told apart. Throws ConnectorError (config) for a value
 * that would come back as another one: then nobody could go on from there.
 */
export function encodeValue(bson: Bson, value: unknown, owner: string): Json {
  if (typeof value === 'number') return { $numberDouble: Object.is(value, -0) ? '-0.0' : String(value) };
  if (typeof value === 'bigint') return { $numberLong: String(value) };
  if (value instanceof Date && Number.isNaN(value.getTime()))
    throw unusable(owner, 'a date outside of the years ±271,821');
  if (bracketOf(value) === undefined) throw unusable(owner, 'of a type that MongoDB does not allow there');
  return bson.EJSON.serialize({ value: value ?? null }, { relaxed: false }).value as Json;
}

/** The `_id` of a document as it came: its embedded documents have to keep the order and types of their fields. */
export function encodeId(bson: Bson, document: Uint8Array, owner: string): JsonObject {
  const { _id: id } = bson.deserialize(document, DECODING) as { _id: unknown };
  if (id === null || typeof id !== 'object' || bracketOf(id) !== 'object') return { _id: encodeValue(bson, id, owner) };
  const exact = bson.deserialize(document, { promoteValues: false, bsonRegExp: true })._id as object;
  const encoded = bson.EJSON.serialize({ _id: exact }, { relaxed: false }) as JsonObject;
  const again = bson.serialize(bson.EJSON.deserialize(encoded, { relaxed: false }));
  const element = Buffer.from(again.subarray(5, -1));
  if (!Buffer.from(document).includes(element))
    throw unusable(owner, 'a document whose fields have whole numbers as names, or twice the same');
  return encoded;
}

/** The value of a stored position. Throws ConnectorError (config) when it is none. */
export function decodeId(bson: Bson, position: Json, owner: string): Bound | undefined {
  if (position === null) return undefined;
  const bound =
    isObject(position) && Object.hasOwn(position, '_id') ? decodeValue(bson, position._id ?? null) : undefined;
  if (bound) return bound;
  throw new ConnectorError(
    'config',
    `The state of ${owner} holds a position that is no '_id' in extended JSON. Read the collection without a state to begin anew.`,
  );
}

/** The value that `encodeValue` wrote; undefined when it is none. */
export function decodeValue(bson: Bson, encoded: Json): Bound | undefined {
  try {
    const { value } = bson.EJSON.parse(JSON.stringify({ value: encoded }), { relaxed: false }) as { value: unknown };
    if (bracketOf(value) === undefined || (value instanceof Date && Number.isNaN(value.getTime()))) return undefined;
    // What is written again must be the same: a damaged date or number is read as some other one.
    const again = bson.EJSON.serialize({ value: value ?? null }, { relaxed: false }).value;
    const isNumber = isObject(encoded) && '$numberDouble' in encoded;
    const holds = isNumber
      ? /^(-?[\d.]+(e[+-]?\d+)?|-?Infinity|NaN)$/.test(String(encoded.$numberDouble))
      : canonical(again) === canonical(encoded);
    return holds ? { value } : undefined;
  } catch {
    return undefined;
  }
}

/** True for two `_id`s that are one to the server. */
export function isSameId(bson: Bson, a: unknown, b: unknown): boolean {
  if (typeof a === 'number' || typeof a === 'bigint')
    // biome-ignore lint/suspicious/noDoubleEquals: 5 and 5n are one value.
    return (typeof b === 'number' || typeof b === 'bigint') && (a == b || (Number.isNaN(a) && Number.isNaN(b)));
  return Buffer.from(bson.serialize({ a })).equals(Buffer.from(bson.serialize({ a: b })));
}

function unusable(owner: string, what: string): ConnectorError {
  return new ConnectorError(
    'config',
    `${owner} has an '_id' that cannot be kept as a position: ${what}. Read the collection as a view of it, which is read whole.`,
  );
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
