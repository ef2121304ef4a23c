import type { Json, JsonObject } from '@tidemark/protocol';
import type { Part } from '../state.js';

/** How far the collection of a MongoDB state of Airbyte's was read. */
export type MongoProgress =
  /** `FULL_REFRESH` is the load of a stream whose changes are not followed. */
  { status: 'IN_PROGRESS' | 'FULL_REFRESH'; parts: Part[] } | { status: 'COMPLETE' };

/** Whether a stream's state is one of Airbyte's MongoDB source: `{"id":"…","status":"IN_PROGRESS","idType":"OBJECT_ID"}`. */
export function isMongoState(state: JsonObject): boolean {
  return state.state_type === undefined && typeof state.status === 'string' && 'id' in state;
}

/** Reads one; a text says why it cannot be gone on from. `part` is the collection's name: the id of its only part. */
export function mongoProgress(state: JsonObject, part: string): MongoProgress | string {
  const { status, id, idType, binarySubType } = state;
  if (status === 'COMPLETE') return { status };
  if (status !== 'IN_PROGRESS' && status !== 'FULL_REFRESH')
    return `its 'status' is '${String(status)}' (known: IN_PROGRESS, COMPLETE, FULL_REFRESH)`;
  const value = id === null || id === undefined ? undefined : extendedId(String(id), idType, binarySubType);
  if (value === undefined) return `its 'id' is no value of its 'idType' (${String(idType)})`;
  const position = { _id: value };
  const ranges = [
    { lo: null, hi: position, pos: null, rows: 0, done: true },
    { lo: position, hi: null, pos: null, rows: 0, done: false },
  ];
  return { status, parts: [{ id: part, epoch: 0, identity: { kind: 'mongo_id' }, ranges, revoked: [] }] };
}

/** A value of `_id` in MongoDB's extended JSON; undefined when the text is none of its type. */
function extendedId(id: string, type: Json | undefined, subType: Json | undefined): Json | undefined {
  switch (type) {
    // The first versions knew object ids only, and did not say so.
    case undefined:
    case null:
    case 'OBJECT_ID':
      return /^[0-9a-f]{24}$/i.test(id) ? { $oid: id.toLowerCase() } : undefined;
    case 'STRING':
      return id;
    case 'INT':
      return isWhole(id, 31n) ? { $numberInt: String(BigInt(id)) } : undefined;
    case 'LONG':
      return isWhole(id, 63n) ? { $numberLong: String(BigInt(id)) } : undefined;
    case 'BINARY':
      return binaryId(id, Number(subType ?? 0));
    default:
      return undefined;
  }
}

/** A UUID is its own text, other bytes are base64. */
function binaryId(id: string, subType: number): Json | undefined {
  if (!Number.isInteger(subType) || subType < 0 || subType > 255) return undefined;
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  const bytes = Buffer.from(isUuid ? id.replaceAll('-', '') : id, isUuid ? 'hex' : 'base64');
  const base64 = bytes.toString('base64');
  if (!isUuid && base64.replace(/=+$/, '') !== id.replace(/=+$/, '')) return undefined;
  return { $binary: { base64, subType: subType.toString(16).padStart(2, '0') } };
}

function isWhole(text: string, bits: bigint): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const number = BigInt(text);
  return number >= -(1n << bits) && number < 1n << bits;
}
