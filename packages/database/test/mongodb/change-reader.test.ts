import type { JsonObject } from '@tidemark/protocol';
import { BSON, Timestamp } from 'mongodb';
import { expect, it } from 'vitest';
import type { LogBatch } from '../../src/log/change-log.js';
import type { ChangePosition } from '../../src/mongodb/change-position.js';
import { ChangeReader, type ChangeReaderOptions } from '../../src/mongodb/change-reader.js';
import { DEFAULT_READING } from '../../src/reading-settings.js';

// The stand-in's streams have no tokens without events and no transactions: what a server's would bring is scripted here.
const hex = (n: number): string => n.toString(16).toUpperCase().padStart(8, '0');
const token = (t: number, more = ''): JsonObject => ({ _data: `82${hex(t)}${hex(0)}${more}` });
const change = (t: number, id: number, coll = 'users') => ({
  _id: token(t, `FF${id}`),
  operationType: 'insert',
  ns: { db: 'shop', coll },
  documentKey: { _id: id },
  fullDocument: { _id: id },
  clusterTime: new Timestamp({ t, i: 0 }),
});
/** The server has nothing at the moment, and has looked up to this time. */
interface Quiet {
  quiet: number;
}
type Step = ReturnType<typeof change> | Quiet | object;

async function read(steps: Step[], to: number, pageRows = 100) {
  const warnings: string[] = [];
  const left = [...steps];
  const stream = {
    resumeToken: null as unknown,
    async tryNext() {
      const step = left.shift();
      if (!step) throw new Error('read further than it had to');
      if (!('quiet' in step)) return step;
      this.resumeToken = token((step as Quiet).quiet);
      return null;
    },
  };
  const place = (t: number): ChangePosition => ({ token: token(t), time: { t, i: 0 }, set: 'rs0', collections: {} });
  const collection = { database: 'shop', columns: [], indexed: new Set<string>() };
  const reader = new ChangeReader({
    stream: stream as unknown as ChangeReaderOptions['stream'],
    opened: { bson: BSON } as unknown as ChangeReaderOptions['opened'],
    followed: [
      { ...collection, name: 'users' },
      { ...collection, name: 'pets', chosen: ['_id'] },
    ],
    begin: place(1),
    end: place(to),
    settings: { ...DEFAULT_READING, page_rows: pageRows },
    schemaless: false,
    signal: new AbortController().signal,
    warn: (message) => warnings.push(message),
  });
  const batches: LogBatch[] = [];
  for await (const batch of reader.batches()) batches.push(batch);
  const ids = batches.map(({ changes }) =>
    changes.flatMap(({ table, records }) => records.map(({ _id }) => `${table} ${_id}`)),
  );
  const times = batches.map(({ position }) => (position as JsonObject).time);
  return { ids, times, left: left.length, warnings };
}

it('brings all events of the last moment: a transaction has one time', async () => {
  const { ids, times } = await read([change(5, 1), change(9, 2), change(9, 3, 'pets'), change(9, 4), { quiet: 9 }], 9);
  expect(ids).toEqual([['shop.users 1', 'shop.users 2', 'shop.pets 3', 'shop.users 4']]);
  expect(times).toEqual(['9:0']);
});

it('ends at an event behind its end, and begins the next time behind that', async () => {
  const { ids, times, left } = await read([change(5, 1), change(12, 2), change(12, 3)], 9);
  expect([ids, times, left]).toEqual([[['shop.users 1', 'shop.users 2']], ['12:0'], 1]);
});

it('moves on where nothing happens to the collections, and waits until the server has looked far enough', async () => {
  const { ids, times } = await read([{ quiet: 3 }, change(4, 1, 'others'), { quiet: 6 }, { quiet: 20 }], 9);
  expect([ids, times]).toEqual([[[]], ['20:0']]);
});

it('hands over batches of a bounded size, each with its position', async () => {
  const events = [2, 3, 4, 5, 6].map((t) => change(t, t));
  const { ids, times } = await read([...events, { quiet: 9 }], 9, 2);
  expect(ids.map((each) => each.length)).toEqual([2, 2, 1]);
  expect(times).toEqual(['3:0', '5:0', '9:0']);
});

it('tells of dropped collections, and ends when the stream is invalid', async () => {
  const drop = { ...change(4, 1), operationType: 'drop' };
  const invalid = { _id: token(5), operationType: 'invalidate', clusterTime: new Timestamp({ t: 5, i: 0 }) };
  const { ids, times, warnings } = await read([change(3, 1), drop, invalid], 9);
  expect([ids, times]).toEqual([[['shop.users 1']], ['5:0']]);
  expect(warnings).toEqual([expect.stringContaining("shop.users: the collection has had a 'drop'")]);
});
