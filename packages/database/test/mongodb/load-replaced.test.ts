import { committed, lastStates, rows, type Transcript } from '@tidemark/source/testing';
import { Db, ObjectId, UUID } from 'mongodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { readAll } from '../reading.js';
import { after, inDatabase, open, readStream } from './server.js';

const OLD = [...Array.from({ length: 8 }, (_, i) => i * 10), 'a', 'b', 'c', new ObjectId('0'.repeat(24))];

/** What the collection has after it was dropped. */
const NEW: Record<string, unknown[]> = {
  'is empty': [],
  'has the same _ids': OLD,
  'has lower and higher _ids': [-5, -4, 75, 1_000, '', 'aa', 'zz'],
  'has _ids of other types': [new ObjectId('f'.repeat(24)), true, new Date(0)],
};

describeWith(mongodb, 'mongodb: a collection that is replaced or changed while it is loaded', (server) => {
  // The stand-in gives collections no uuid, by which MongoDB tells them apart: it is put into its answers, another one after a drop.
  const uuids = new Map<string, UUID>();
  beforeAll(() => {
    const { listCollections } = Db.prototype;
    vi.spyOn(Db.prototype, 'listCollections').mockImplementation(function (this: Db, ...given) {
      const cursor = listCollections.apply(this, given);
      const listed = cursor.toArray.bind(cursor);
      cursor.toArray = async () =>
        (await listed()).map((each) => {
          if (!uuids.has(each.name)) uuids.set(each.name, new UUID());
          return { ...each, info: { readOnly: false, uuid: uuids.get(each.name)! } } as never;
        });
      return cursor;
    });
  });
  afterAll(() => void vi.restoreAllMocks());

  const insert = (name: string, ids: readonly unknown[], n: number) =>
    inDatabase(server(), async (db) => {
      if (ids.length > 0) await db.collection(name).insertMany(ids.map((_id) => ({ _id, n })) as never[]);
    });
  const replace = async (name: string, ids: readonly unknown[]) => {
    await inDatabase(server(), async (db) => {
      await db.dropCollection(name);
      uuids.delete(name);
      await db.createCollection(name);
    });
    await insert(name, ids, 1);
  };
  const truth = (name: string) =>
    inDatabase(server(), async (db) =>
      (await db.collection(name).find().toArray()).map(({ _id, n }) => `${idOf(_id)} ${n}`).sort(),
    );
  const idOf = (id: unknown): string => (id instanceof Date ? id.toISOString() : String(id));
  const pairs = (of: { record: Record<string, unknown> }[]) =>
    of.map(({ record: { _id, n } }) => `${String(_id).replace(/^"|"$/g, '')} ${n}`).sort();

  it.each(Object.entries(NEW))('dropped and made again, and %s: killed after every k-th message', async (what, ids) => {
    for (let killAfter = 1; ; killAfter += 5) {
      const name = `again_${what.replace(/\W/g, '_')}_${killAfter}`;
      await insert(name, OLD, 0);
      const settings = { streams: [{ name }], reading: { method: 'none' as const, page_rows: 2 } };
      const before = await open(server(), settings);
      const first: Transcript = await readStream(before.connection, name, { killAfter });
      await before.connection.close();
      if ([...lastStates(first.sent).values()].some(({ phase }) => phase === 'done')) break;
      await replace(name, ids);
      const { connection } = await open(server(), settings);
      const second = await readStream(connection, name, after(first));
      await connection.close();
      expect(second.errors).toEqual([]);
      const kept = rows([...committed(first.sent), ...second.sent.filter((each) => each.kind !== 'state')]);
      expect(pairs(kept), `killed after ${killAfter} messages`).toEqual(await truth(name));
    }
  });

  it('another one in its place while chunks are read beside each other', async () => {
    const name = 'again_at_once';
    await inDatabase(server(), (db) =>
      db
        .collection(name)
        .insertMany(Array.from({ length: 300 }, (_, i) => ({ _id: i, n: 0, filler: 'x'.repeat(100) })) as never[]),
    );
    const { connection } = await open(server(), {
      streams: [{ name }],
      reading: { method: 'none', page_rows: 10, chunk_bytes: 5_000 },
    });
    const all = await readAll(connection, {
      concurrency: 3,
      onPage: async (page) => {
        if (page !== 12) return;
        // At one moment, as a rename does it: other chunks are being read.
        await inDatabase(server(), (db) => db.collection(name).deleteMany({}));
        await insert(name, [3, 299, 1_000], 1);
        uuids.delete(name);
      },
    });
    await connection.close();
    expect(all.errors).toEqual([]);
    expect(pairs(rows(all.sent))).toEqual(['1000 1', '299 1', '3 1']);
  });

  it('documents come and go meanwhile: those that stay come once, and no _id twice', async () => {
    const name = 'coming_and_going';
    await inDatabase(server(), (db) =>
      db
        .collection(name)
        .insertMany(Array.from({ length: 300 }, (_, i) => ({ _id: i * 10, n: 0, filler: 'x'.repeat(100) })) as never[]),
    );
    const { connection } = await open(server(), {
      streams: [{ name }],
      reading: { method: 'none', page_rows: 10, chunk_bytes: 5_000 },
    });
    const all = await readAll(connection, {
      concurrency: 3,
      onPage: (page) =>
        inDatabase(server(), async (db) => {
          const collection = db.collection(name);
          const at = page * 70;
          // One that is gone, and is there again under another _id in front of or behind everything; one that is changed.
          await collection.deleteMany({ _id: { $in: [at + 10, at + 1_530] as never[] } });
          await collection.insertMany([{ _id: -page }, { _id: 10_000 + page }, { _id: at + 5 }] as never[]);
          await collection.updateOne({ _id: (at + 20) as never }, { $set: { n: 1 } });
        }),
    });
    await connection.close();
    expect(all.errors).toEqual([]);
    const sent = rows(all.sent).map(({ record }) => Number(record._id));
    expect(new Set(sent).size).toBe(sent.length);
    const gone = new Set(Array.from({ length: 100 }, (_, page) => [page * 70 + 10, page * 70 + 1_530]).flat());
    const stay = Array.from({ length: 300 }, (_, i) => i * 10).filter((id) => !gone.has(id));
    expect(sent.filter((id) => id >= 0 && id % 10 === 0 && id < 3_000 && !gone.has(id)).sort((a, b) => a - b)).toEqual(
      stay,
    );
    // Behind the end that was looked up once, nothing is looked for.
    expect(sent.filter((id) => id >= 3_000)).toEqual([]);
  });
});
