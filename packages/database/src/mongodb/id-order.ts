import { bsonTag } from './values.js';

/**
 * The types that an `_id` can have, in BSON's order. A comparison in a query only sees values of its own type ("bracket"), so
 * a collection with several types is read one bracket after the other. NaN is a bracket of its own: it is the least of all
 * numbers, and no comparison but equality finds it.
 */
export const BRACKETS = [
  'minKey',
  'null',
  'nan',
  'number',
  'string',
  'object',
  'binData',
  'objectId',
  'bool',
  'date',
  'timestamp',
  'javascript',
  'maxKey',
] as const;
export type Bracket = (typeof BRACKETS)[number];

const BY_TAG: Readonly<Record<string, Bracket>> = {
  MinKey: 'minKey',
  MaxKey: 'maxKey',
  Long: 'number',
  Int32: 'number',
  BSONSymbol: 'string',
  Binary: 'binData',
  ObjectId: 'objectId',
  Timestamp: 'timestamp',
  DBRef: 'object',
};

/** Brackets with one value only. */
const POINTS: ReadonlySet<Bracket> = new Set(['minKey', 'null', 'nan', 'maxKey']);

/** The bracket of a value; undefined for a type that MongoDB allows in no `_id` (arrays, patterns), or did long ago. */
export function bracketOf(value: unknown): Bracket | undefined {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return Number.isNaN(value) ? 'nan' : 'number';
  if (typeof value === 'bigint') return 'number';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof Date) return 'date';
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const tag = bsonTag(value);
  if (tag === undefined) return 'object';
  if (tag === 'Double') return Number.isNaN(Number(value.valueOf())) ? 'nan' : 'number';
  if (tag === 'Decimal128') return /nan/i.test(String(value)) ? 'nan' : 'number';
  if (tag === 'Code') return (value as { scope?: unknown }).scope ? undefined : 'javascript';
  return Object.hasOwn(BY_TAG, tag) ? BY_TAG[tag] : undefined;
}

/** The classes that bounds are made with. */
export type BoundTypes = Pick<typeof import('mongodb'), 'MinKey' | 'MaxKey' | 'ObjectId' | 'Timestamp' | 'Code'>;

/** What a field must be to lie in a bracket, after `after` and up to `upTo` where they are given. */
export type Condition = Record<string, unknown>;

/**
 * The condition for the values of one bracket; undefined when there can be none left. Each condition is one range of the
 * index: the ones by `$type` as well.
 */
export function within(
  bracket: Bracket,
  types: BoundTypes,
  { after, from, upTo }: { after?: Bound; from?: Bound; upTo?: Bound } = {},
): Condition | undefined {
  if (POINTS.has(bracket)) return after ? undefined : whole(bracket, types);
  const lower = after ? { $gt: after.value } : from ? { $gte: from.value } : whole(bracket, types);
  return upTo ? { ...lower, $lte: upTo.value } : lower;
}

/** A value, which may be null. */
export interface Bound {
  readonly value: unknown;
}

function whole(bracket: Bracket, types: BoundTypes): Condition {
  switch (bracket) {
    case 'minKey':
      return { $eq: new types.MinKey() };
    case 'maxKey':
      return { $eq: new types.MaxKey() };
    case 'null':
      return { $eq: null };
    case 'nan':
      return { $eq: Number.NaN };
    case 'number':
      return { $gte: Number.NEGATIVE_INFINITY };
    case 'string':
      return { $gte: '' };
    case 'object':
      return { $gte: {} };
    case 'objectId':
      return { $gte: new types.ObjectId('0'.repeat(24)) };
    case 'bool':
      return { $gte: false };
    case 'timestamp':
      return { $gte: new types.Timestamp({ t: 0, i: 0 }) };
    case 'javascript':
      return { $gte: new types.Code('') };
    // The driver cannot write the least value of these.
    case 'binData':
    case 'date':
      return { $type: bracket };
  }
}
