// MongoDB's stand-in as a tortured engine: collections whose `_id`s are of one type, and of all types that a state can keep.
import { createRequire } from 'node:module';
import { startMongodb } from '../servers/mongodb.mjs';
import { firstTick, tickOf } from './sql-tables.mjs';

// The driver belongs to the package that reads with it.
const require = createRequire(new URL('../../packages/database/package.json', import.meta.url));

export async function mongodb() {
  const { MongoClient, ObjectId, Long, Timestamp } = require('mongodb');
  const server = await startMongodb();
  const client = new MongoClient(server.url);
  const db = client.db(server.database);
  const hex = (i) => i.toString(16).padStart(24, '0');
  const mixed = [
    (i) => i,
    (i) => `t${i}`,
    (i) => new ObjectId(hex(i)),
    (i) => new Date(1_700_000_000_000 + i),
    (i) => ({ a: i, b: `b${i}` }),
    (i) => i + 0.5,
    (i) => Long.fromString(`90071992547${40_000_000 + i}`),
    (i) => new Timestamp({ t: 1_700_000_000, i }),
  ];
  const ids = {
    by_number: (i) => i * 7 - 9000,
    by_text: (i) => `key ${i}`,
    by_object_id: (i) => new ObjectId(hex(i)),
    by_mixed: (i) => mixed[i % mixed.length](i),
    steps: (i) => i,
    rising: (i) => mixed[i % mixed.length](i),
  };
  const cursor = (table, tick) => (table === 'rising' ? new Date(1_700_000_000_000 + tick) : tick);
  const tables = {
    async create(table, rows) {
      await db.collection(table).createIndex({ number: 1 });
      if (table === 'steps' || table === 'rising') await db.collection(table).createIndex({ at: 1 });
      const numbers = Array.from({ length: rows }, (_, i) => i + 1);
      if (rows > 0) await this.insert(table, numbers, { n: 0, tick: firstTick });
    },
    async insert(table, numbers, { n, tick }) {
      const documents = numbers.map((i) => ({
        _id: ids[table](i),
        number: i,
        n,
        at: cursor(table, tickOf(tick, i)),
        filler: 'x'.repeat(60),
      }));
      if (documents.length > 1) return db.collection(table).insertMany(documents);
      // The stand-in's log tells of an insert that was refused, too: one that may be there already is replaced.
      const [{ _id, ...rest }] = documents;
      return db.collection(table).replaceOne({ _id }, rest, { upsert: true });
    },
    update: (table, number, { n, tick }) =>
      db
        .collection(table)
        .updateMany({ number: { $mod: [50, number % 50] } }, { $set: { n, at: cursor(table, tick) } }),
    // Nothing is removed: of an update whose document is gone the stand-in does not tell the `_id`.
    rows: async (table) => (await db.collection(table).find().toArray()).map(({ number, n }) => `${number}: ${n}`),
  };
  return {
    dialect: 'mongodb',
    schema: server.database,
    config: { host: server.host, port: server.port, database: server.database },
    tables,
    load: ['by_number', 'by_text', 'by_object_id', 'by_mixed'],
    // The stand-in has change streams of one collection only; they end when nothing comes for a moment.
    log: ['by_mixed'],
    pauseMs: 60,
    cursor: ['steps', 'rising'],
    async stop() {
      await client.close().catch(() => undefined);
      await server.stop();
    },
  };
}
