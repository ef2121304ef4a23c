import type { Json } from '@tidemark/protocol';
import { Long, ObjectId, Timestamp } from 'mongodb';
import { expect, it } from 'vitest';
import {
  changePosition,
  compareTimes,
  cursorOf,
  storedPosition,
  timeOfToken,
} from '../../src/mongodb/change-position.js';
import { type ChangeEvent, changeRecord } from '../../src/mongodb/change-records.js';
import { RecordMaker } from '../../src/mongodb/record-maker.js';

const records = new RecordMaker({ names: undefined, schemaless: false });
const id = new ObjectId('65f0c0ffee65f0c0ffee65f0');
/** Events as MongoDB's manual shows them; only the stand-in's own could be met. */
const event = (more: object): ChangeEvent => ({
  _id: { _data: '8265F0C0FF000000012B022C' },
  operationType: 'update',
  documentKey: { _id: id, region: 'eu' },
  clusterTime: new Timestamp({ t: 0x65f0c0ff, i: 1 }),
  ...more,
});
const stamped = {
  _ab_cdc_cursor: '8265F0C0FF000000012B022C',
  _ab_cdc_updated_at: '2024-03-12T20:54:23.000Z',
  _ab_cdc_deleted_at: null as string | null,
};
const gone = { ...stamped, _ab_cdc_deleted_at: stamped._ab_cdc_updated_at };

it('makes records of inserts, updates and replacements', () => {
  for (const operationType of ['insert', 'update', 'replace']) {
    const record = changeRecord(
      event({ operationType, fullDocument: { _id: id, n: 9_007_199_254_740_993n } }),
      records,
      { t: 0, i: 0 },
    );
    expect(record).toEqual({ _id: id.toHexString(), n: 9_007_199_254_740_993n, ...stamped });
  }
});

it('takes an update of a document that is gone for its deletion', () => {
  expect(changeRecord(event({ fullDocument: null }), records, { t: 0, i: 0 })).toEqual({
    _id: id.toHexString(),
    ...gone,
  });
});

it('gives of a deletion what the server has kept of the document, else its _id', () => {
  const deletion = event({ operationType: 'delete' });
  expect(changeRecord(deletion, records, { t: 0, i: 0 })).toEqual({ _id: id.toHexString(), ...gone });
  const before = { ...deletion, fullDocumentBeforeChange: { _id: id, name: 'x' } };
  expect(changeRecord(before, records, { t: 0, i: 0 })).toEqual({ _id: id.toHexString(), name: 'x', ...gone });
});

it('prefers the time that the server has noted, and passes over events that are about no document', () => {
  const wallTime = new Date('2024-03-12T20:54:23.123Z');
  const record = changeRecord(event({ wallTime, fullDocument: { _id: 1 } }), records, { t: 0, i: 0 });
  expect(record?._ab_cdc_updated_at).toBe('2024-03-12T20:54:23.123Z');
  expect(
    changeRecord(event({ operationType: 'drop', documentKey: undefined }), records, { t: 0, i: 0 }),
  ).toBeUndefined();
  expect(() => changeRecord(event({ fullDocument: { n: 1 } }), records, { t: 0, i: 0 })).toThrow(
    "without the document's _id",
  );
});

it('reads the time of a token, orders positions, and refuses what is none', () => {
  expect(timeOfToken({ _data: '8265F0C0FF000000012B022C' })).toEqual({ t: 0x65f0c0ff, i: 1 });
  expect(timeOfToken({ _data: 'x' })).toBeUndefined();
  expect(timeOfToken(null)).toBeUndefined();
  expect(compareTimes({ t: 1, i: 9 }, { t: 2, i: 0 })).toBeLessThan(0);
  expect(compareTimes({ t: 2, i: 10 }, { t: 2, i: 9 })).toBeGreaterThan(0);
  const position = { token: null, time: { t: 5, i: 2 }, set: 'rs0', collections: { 'a.b': '00' } };
  expect(changePosition(storedPosition(position))).toEqual(position);
  expect(cursorOf(position)).toBe('0000000500000002');
  const wrong: Json[] = [
    null,
    5,
    {},
    { token: 5, time: '1:1', set: '', collections: {} },
    { token: null, time: 'x', set: '', collections: {} },
  ];
  for (const each of wrong) expect(changePosition(each)).toBeUndefined();
});

it('carries the longest numbers of a change as the load does', () => {
  const record = changeRecord(event({ fullDocument: { _id: 1, n: Long.MAX_VALUE } }), records, { t: 0, i: 0 });
  expect(record?.n).toBe(9_223_372_036_854_775_807n);
});
