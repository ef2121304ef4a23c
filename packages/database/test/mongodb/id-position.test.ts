import { changesOf } from '@tidemark/source';
import {
  Binary,
  BSON,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb';
import { expect, it } from 'vitest';
import { bracketOf, within } from '../../src/mongodb/id-order.js';
import { decodeId, encodeId, isSameId } from '../../src/mongodb/id-position.js';
import { RecordMaker } from '../../src/mongodb/record-maker.js';

const types = { MinKey, MaxKey, ObjectId, Timestamp, Code };
const encoded = (id: unknown) => JSON.parse(JSON.stringify(encodeId(BSON, BSON.serialize({ _id: id }), 'shop.users')));

it.each([
  ['minKey', new MinKey()],
  ['null', null],
  ['nan', Number.NaN],
  ['nan', Decimal128.fromString('NaN')],
  ['number', 5],
  ['number', Number.NEGATIVE_INFINITY],
  ['number', 2 ** 60 + 256],
  ['number', Long.MIN_VALUE],
  ['number', Decimal128.fromString('1E-6000')],
  ['string', '$gt'],
  ['object', { b: 1, a: { $gt: new Int32(5) }, c: new Double(5) }],
  ['object', new DBRef('pets', 1 as never)],
  ['binData', new Binary(Buffer.from('00ff', 'hex'), 128)],
  ['binData', new UUID('123e4567-e89b-42d3-a456-426614174000')],
  ['objectId', new ObjectId('65f0c0ffee65f0c0ffee65f0')],
  ['bool', false],
  ['date', new Date(-1)],
  ['timestamp', new Timestamp({ t: 4_294_967_295, i: 4_294_967_295 })],
  ['javascript', new Code('x')],
  ['maxKey', new MaxKey()],
])('keeps an _id of the bracket %s in a state: %s', (bracket, id) => {
  const bound = decodeId(BSON, encoded(id), 'shop.users')!;
  expect(bracketOf(bound.value)).toBe(bracket);
  // A number may come back in another of its types: to the server it is the same.
  const isNumber = typeof id === 'number' && !Number.isNaN(id);
  if (isNumber) expect(Number(bound.value)).toBe(id);
  else expect(BSON.serialize({ _id: bound.value })).toEqual(BSON.serialize({ _id: id }));
});

it('refuses an _id that would come back as another one', () => {
  // The driver's objects have names that are whole numbers first, whatever their order was.
  const bytes = Buffer.from('1d000000035f6964001300000010620001000000103100020000000000', 'hex');
  expect(() => encodeId(BSON, bytes, 'shop.users')).toThrow('whole numbers as names');
  const faraway = Buffer.from('12000000095f69640000000000000000', 'hex').subarray(0, 9);
  const date = Buffer.concat([faraway, Buffer.from('ffffffffffffff7f', 'hex'), Buffer.from([0])]);
  expect(() => encodeId(BSON, date, 'shop.users')).toThrow('a date outside of the years');
  expect(() => encoded([1])).toThrow('a type that MongoDB does not allow');
});

it('finds NaN by equality only, and nothing behind the one value of a point', () => {
  expect(within('nan', types)).toEqual({ $eq: Number.NaN });
  expect(within('nan', types, { after: { value: Number.NaN } })).toBeUndefined();
  expect(within('number', types, { upTo: { value: 5 } })).toEqual({ $gte: Number.NEGATIVE_INFINITY, $lte: 5 });
  expect(within('string', types, { after: { value: 'x' } })).toEqual({ $gt: 'x' });
});

it('knows two _ids that are one to the server, which two shards may have', () => {
  expect(isSameId(BSON, 5, 5n)).toBe(true);
  expect(isSameId(BSON, 5, 6)).toBe(false);
  expect(isSameId(BSON, 'a', 'a')).toBe(true);
  expect(isSameId(BSON, null, 'a')).toBe(false);
  expect(isSameId(BSON, new ObjectId('0'.repeat(24)), new ObjectId('0'.repeat(24)))).toBe(true);
});

it('notes a text that is no UTF-8, and keeps the others', () => {
  const bytes = BSON.serialize({ _id: 1, good: 'é', bad: 'abc', list: ['abd'] });
  for (const text of ['abc', 'abd']) bytes[Buffer.from(bytes).indexOf(text)] = 0xff;
  const record = new RecordMaker({ names: undefined, schemaless: false }).fromBson(BSON, bytes);
  expect(record).toEqual({ _id: 1, good: 'é', bad: null, list: [null] });
  expect(changesOf(record)?.map(({ field }) => field)).toEqual(['bad', 'list.0']);
});
