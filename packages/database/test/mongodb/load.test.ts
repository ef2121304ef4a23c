import { committed, proveResume } from '@tidemark/source/testing';
import { Binary, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from 'mongodb';
import { expect, it } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { Clients } from '../../src/mongodb/clients.js';
import { parseMongoConfig } from '../../src/mongodb/config.js';
import { RecordMaker } from '../../src/mongodb/record-maker.js';
import { wholeLoad } from '../../src/mongodb/whole-load.js';
import { DEFAULT_READING } from '../../src/reading-settings.js';
import { SpoolSpace } from '../../src/spool/spool-space.js';
import { rangesOf, rowsOfRanges } from '../ranges.js';
import { after, column, fill, inDatabase, open, readStream } from './server.js';

/** Pages of three documents: every test meets many of them. */
const SMALL = { page_rows: 3, method: 'none' as const };
const hex = (i: number): string => String(i).padStart(24, '0');

/** A type of `_id`, and values of it in no particular order. */
const IDS: Record<string, unknown[]> = {
  'object ids': [5, 3, 9, 1, 7, 2, 8].map((i) => new ObjectId(hex(i))),
  texts: ['b', 'A', '', 'é', 'z$', '$gt', 'a.b', '🙂', 'aa'],
  'numbers of every kind': [
    5,
    -3,
    0,
    5.5,
    Long.fromString('9007199254740993'),
    Long.fromString('9007199254740992'),
    Decimal128.fromString('7.25'),
    -1e300,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ],
  'long numbers': ['9223372036854775807', '-9223372036854775808', '9007199254740993', '9007199254740992', '1'].map(
    (each) => Long.fromString(each),
  ),
  bytes: ['00', '00ff', 'ff', '01', '', '8000'].map((each) => new Binary(Buffer.from(each, 'hex'), 0)),
  UUIDs: [1, 2, 3, 4, 15].map((i) => new UUID(`${i.toString(16)}23e4567-e89b-42d3-a456-426614174000`)),
  dates: ['2024-02-29', '1969-12-31T23:59:59.999Z', '9999-12-31', '2024-02-29T00:00:00.001Z', '0001-01-01'].map(
    (each) => new Date(each),
  ),
  booleans: [true, false],
  timestamps: [
    [5, 2],
    [5, 10],
    [1_700_000_000, 1],
    [4_294_967_295, 7],
  ].map(([t, i]) => new Timestamp({ t: t!, i: i! })),
  documents: [{ a: 1 }, { a: 2 }, { a: 1, b: 'x' }, { b: 0 }, { a: Long.fromString('9007199254740993') }],
  nothing: [null],
};

const MIXED: unknown[] = [
  new MinKey(),
  null,
  ...IDS['numbers of every kind']!.slice(0, 5),
  ...IDS.texts!.slice(0, 4),
  ...IDS.documents!.slice(0, 4),
  ...IDS.bytes!.slice(0, 4),
  ...IDS['object ids']!.slice(0, 5),
  ...IDS.booleans!,
  ...IDS.dates!.slice(0, 4),
  new Timestamp({ t: 5, i: 2 }),
  new MaxKey(),
];

describeWith(mongodb, 'mongodb: loading collections', (server) => {
  const one = (name: string) => ({ reading: SMALL, streams: [{ name }] });

  it.each(Object.entries(IDS))('goes on after any kill with %s as _id', async (kind, ids) => {
    const name = `ids_${kind.replace(/\W/g, '_')}`;
    await fill(
      server(),
      name,
      ids.map((_id, i) => ({ _id, n: i })),
    );
    const { connection } = await open(server(), one(name));
    const whole = await readStream(connection, name);
    expect(whole.errors).toEqual([]);
    expect(new Set(column(whole.sent, 'n')).size).toBe(ids.length);
    expect(column(whole.sent, 'n')).toHaveLength(ids.length);
    expect(await proveResume(() => connection.streams)).toBeGreaterThan(ids.length);
    await connection.close();
  });

  it.each([1, 4])('goes on after any kill with every type of _id, in pages of %i', async (pageRows) => {
    const name = `mixed_${pageRows}`;
    await fill(
      server(),
      name,
      MIXED.map((_id, i) => ({ _id, n: i })),
    );
    const { connection } = await open(server(), { reading: { ...SMALL, page_rows: pageRows }, streams: [{ name }] });
    const whole = await readStream(connection, name);
    expect(whole.errors).toEqual([]);
    expect(column(whole.sent, 'n').sort((a, b) => Number(a) - Number(b))).toEqual(MIXED.map((_, i) => i));
    expect(await proveResume(() => connection.streams, { step: pageRows === 1 ? 5 : 1 })).toBeGreaterThan(10);
    await connection.close();
  });

  it.each([0, 1, 3, 4, 6])('reads a collection of %i documents, and a resumed one to its end', async (count) => {
    const name = `rows_${count}`;
    await inDatabase(server(), (db) => db.createCollection(name));
    await fill(
      server(),
      name,
      Array.from({ length: count }, (_, i) => ({ _id: i })),
    );
    const { connection } = await open(server(), one(name));
    const first = await readStream(connection, name);
    expect(column(first.sent, '_id')).toHaveLength(count);
    expect(column((await readStream(connection, name, after(first))).sent, '_id')).toEqual([]);
    await proveResume(() => connection.streams);
    await connection.close();
  });

  it('does not run after documents that come behind its end, and loses none by deletions', async () => {
    const ids = [1, 2, 3, 4, 5, 'a', 'b', 'c', 'd'];
    await fill(
      server(),
      'moving',
      ids.map((_id) => ({ _id })),
    );
    const { connection } = await open(server(), one('moving'));
    const first = await readStream(connection, 'moving', { killAfter: 4 });
    await inDatabase(server(), async (db) => {
      const collection = db.collection('moving');
      await collection.insertMany([{ _id: 'e' }, { _id: 'bb' }, { _id: new ObjectId() }] as never[]);
      // The document that the position was taken from, one before it, and the one that was the upper bound.
      await collection.deleteMany({ _id: { $in: [2, 3, 'd'] as never[] } });
    });
    const second = await readStream(connection, 'moving', after(first));
    expect(second.errors).toEqual([]);
    expect([...column(first.sent, '_id'), ...column(second.sent, '_id')]).toEqual([1, 2, 3, 4, 5, 'a', 'b', 'bb', 'c']);
    await connection.close();
  });

  it('keeps pages small when documents are large', async () => {
    await fill(
      server(),
      'wide',
      Array.from({ length: 12 }, (_, i) => ({ _id: i, body: 'x'.repeat(i < 6 ? 10 : 1_000_000) })),
    );
    const { connection } = await open(server(), {
      reading: { method: 'none', page_bytes: 500_000 },
      streams: [{ name: 'wide' }],
    });
    const { sent, errors } = await readStream(connection, 'wide');
    expect(errors).toEqual([]);
    expect(column(sent, '_id')).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const pages: number[] = [];
    let bytes = 0;
    for (const message of sent) {
      if (message.kind === 'record') bytes += String(message.record.body).length;
      else {
        pages.push(bytes);
        bytes = 0;
      }
    }
    expect(Math.max(...pages)).toBeLessThanOrEqual(1_500_100);
    await connection.close();
  });

  it.each<[string, (i: number) => unknown]>([
    ['object ids', (i) => new ObjectId(hex(i))],
    ['whole numbers', (i) => i - 50],
    ['numbers of every kind', (i) => (i % 2 ? Decimal128.fromString(`${i}.25`) : i / 8 - 100.1)],
    ['texts', (i) => `${'aZé🙂'[i % 5]}${(i * 7919) % 1_000}`],
    ['UUIDs', (i) => new UUID(`${hex((i * 104_729) % 1_000).slice(-8)}-89e8-42d3-a456-426614174000`)],
    ['bytes of different lengths', (i) => new Binary(Buffer.from(`${'ab'.repeat(i % 3)}${i}`), 0)],
    ['dates', (i) => new Date(3_600_000 * (i - 300) ** 3)],
    ['documents', (i) => ({ a: i % 7, b: `b${i}` })],
    ['timestamps', (i) => new Timestamp({ t: 1_700_000_000 + (i % 3), i })],
    ['every type', (i) => (i < MIXED.length ? MIXED[i] : [i, `x${i}`, new ObjectId(hex(i)), new Date(i)][i % 4])],
  ])('cuts a large collection with %s as _id into chunks that are read beside each other', async (kind, make) => {
    const name = `large_${kind.replace(/\W/g, '_')}`;
    const count = 600;
    await inDatabase(server(), (db) =>
      db
        .collection(name)
        .insertMany(
          Array.from({ length: count }, (_, i) => ({ _id: make(i), n: i, filler: 'x'.repeat(100) })) as never[],
          { forceServerObjectId: true },
        ),
    );
    const { connection } = await open(server(), {
      reading: { method: 'none', chunk_bytes: 9_000, page_rows: 20 },
      streams: [{ name }],
    });
    const { sent, errors } = await readStream(connection, name, { concurrency: 3 });
    expect(errors).toEqual([]);
    const numbers = (of: typeof sent): number[] => (column(of, 'n') as number[]).sort((a, b) => a - b);
    const all = Array.from({ length: count }, (_, i) => i);
    expect(numbers(sent)).toEqual(all);
    const inOrder = await readStream(connection, name, { concurrency: 1 });
    expect(numbers(inOrder.sent)).toEqual(all);
    const chunks = rowsOfRanges(inOrder.sent);
    expect(chunks.length, JSON.stringify(chunks)).toBeGreaterThan(4);
    // From a page on, by the ranges that its state has.
    const first = await readStream(connection, name, { killAfter: 150 });
    expect(rangesOf(first.sent).length).toBeGreaterThan(4);
    const rest = await readStream(connection, name, { ...after(first), concurrency: 3 });
    expect(numbers([...committed(first.sent), ...rest.sent])).toEqual(all);
    await proveResume(() => connection.streams, { concurrency: 3, step: 241 });
    await connection.close();
  });

  it('reads many collections beside each other, and only the chosen fields', async () => {
    const names = ['many_a', 'many_b', 'many_c', 'many_d', 'many_e'];
    for (const name of names)
      await fill(
        server(),
        name,
        Array.from({ length: 7 }, (_, i) => ({ _id: i, keep: i, drop: i })),
      );
    const { connection, logs } = await open(server(), {
      reading: SMALL,
      streams: names.map((name) => ({ name, columns: ['_id', 'keep'] })),
    });
    expect(connection.streams.map(({ name }) => name)).toEqual(names);
    const schema = (await connection.streams[0]!.describe()).json_schema;
    expect(Object.keys(schema.properties as object)).toEqual(['_id', 'keep']);
    await proveResume(() => connection.streams, { concurrency: 4, step: 7 });
    const read = await readStream(connection, 'many_c');
    expect(column(read.sent, 'keep')).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(column(read.sent, 'drop')).toEqual(Array(7).fill(undefined));
    expect(logs).toEqual([]);
    await connection.close();
  });

  it('reads what has no index of _id whole, in bounded pages', async () => {
    await fill(
      server(),
      'viewed',
      Array.from({ length: 7 }, (_, i) => ({ _id: i, body: i === 3 ? 'x'.repeat(1_000) : 'y' })),
    );
    // The stand-in has no views: the way in which one is read is tried on a collection.
    const { host, port, database } = server();
    const settings = { ...DEFAULT_READING, page_rows: 3, page_bytes: 500 };
    const clients = new Clients(parseMongoConfig({ host, port, database }), settings);
    const collection = { database, name: 'viewed', columns: [], indexed: new Set<string>(), notResumable: 'a view' };
    const records = new RecordMaker({ names: undefined, schemaless: false });
    const load = wholeLoad({ clients, settings, collection, columns: [], records }, new SpoolSpace(settings, () => {}));
    const [part] = await load.begin();
    const range = { ...part!.ranges[0]!, pos: null, rows: 0, done: false };
    const pages: [unknown[], boolean][] = [];
    const { signal } = new AbortController();
    for await (const page of load.read({ part: part!.id, identity: part!.identity, range }, { signal }))
      pages.push([page.records.map(({ _id }) => _id), page.more ?? false]);
    await clients.close();
    expect(pages).toEqual([
      [[0, 1, 2], true],
      [[3], true],
      [[4, 5, 6], true],
      [[], false],
    ]);
  });
});
