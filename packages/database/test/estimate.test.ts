import type { JsonObject, SyncMode } from '@tidemark/protocol';
import { type Connection, discover, read, type StreamEstimate } from '@tidemark/source';
import { lastStates, transcript } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mongodb, mysql, postgres, postgres18 } from '../../../scripts/servers/vitest.mjs';
import type { ReadingSettings } from '../src/dialect.js';
import { KeyedTable } from '../src/keyed/keyed-table.js';
import { readCatalog } from '../src/sqlserver/catalog.js';
import * as mongo from './mongodb/server.js';
import * as family from './mysql/server.js';
import { open, run } from './reading.js';
import { pets } from './sqlserver/cdc-server.js';

/** What a reading says of each stream, in order; every page's records are counted. */
async function estimates(
  connection: Connection,
  options: { states?: ReadonlyMap<string, JsonObject>; mode?: SyncMode; shared?: JsonObject } = {},
) {
  const told: [string, StreamEstimate][] = [];
  let last: JsonObject | undefined;
  const { streams } = await discover(connection);
  const settings = { states: options.states ?? new Map<string, JsonObject>(), shared: options.shared };
  const result = await read({
    connection,
    catalog: {
      streams: streams.map((stream) => ({
        stream,
        sync_mode: options.mode ?? 'full_refresh',
        destination_sync_mode: 'append',
      })),
    },
    ...settings,
    sink: {
      page() {},
      pagesTogether() {},
      finalTogether(state) {
        last = state as unknown as JsonObject;
      },
      finalState() {},
      restart() {},
      estimate: ({ name }, estimate) => void told.push([name, estimate]),
      status() {},
      error() {},
      log() {},
    },
  });
  return { told: told.sort(([a], [b]) => (a < b ? -1 : 1)), errors: result.errors, last };
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'estimates', (server) => {
    it('are what the statistics say, of partitioned tables the sum; nothing is said where they say nothing', async () => {
      await run(
        server(),
        'CREATE SCHEMA estimated',
        'SET search_path = estimated',
        'CREATE TABLE known (id int PRIMARY KEY, pad text) WITH (autovacuum_enabled = off)',
        `INSERT INTO known SELECT i, repeat('x', 100) FROM generate_series(1, 5000) i`,
        'CREATE TABLE unknown WITH (autovacuum_enabled = off) AS SELECT * FROM known',
        'CREATE TABLE empty (id int)',
        'CREATE VIEW seen AS SELECT * FROM known',
        'CREATE TABLE parted (id int, at int) PARTITION BY RANGE (at)',
        'CREATE TABLE part1 PARTITION OF parted FOR VALUES FROM (0) TO (10)',
        'CREATE TABLE part2 PARTITION OF parted FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (at)',
        'CREATE TABLE part2a PARTITION OF part2 FOR VALUES FROM (10) TO (15)',
        'CREATE TABLE part3 PARTITION OF parted FOR VALUES FROM (20) TO (30)',
        'INSERT INTO parted SELECT i, i % 15 FROM generate_series(0, 2999) i',
        'CREATE TABLE half (id int, at int) PARTITION BY RANGE (at)',
        'CREATE TABLE half1 PARTITION OF half FOR VALUES FROM (0) TO (10)',
        'CREATE TABLE half2 PARTITION OF half FOR VALUES FROM (10) TO (20) WITH (autovacuum_enabled = off)',
        'INSERT INTO half SELECT i, i % 20 FROM generate_series(0, 999) i',
        'ANALYZE known, part1, part2a, half1',
      );
      const wanted = ['empty', 'half', 'known', 'parted', 'seen', 'unknown'];
      const { connection } = await open(server(), {
        streams: wanted.map((name) => ({ name, namespace: 'estimated' })),
        reading: { page_rows: 100, chunk_bytes: 8192 * 10 },
      });
      try {
        const { told, errors } = await estimates(connection);
        expect(errors).toEqual([]);
        const [pages] = await run(
          server(),
          "SELECT relpages::int AS known FROM pg_class WHERE oid = 'estimated.known'::regclass",
        );
        expect(told.map(([name, { rows }]) => [name, rows])).toEqual([
          ['known', 5000],
          ['parted', 3000],
        ]);
        expect(told[0]![1].bytes).toBe(Number(pages!.known) * 8192);
      } finally {
        await connection.close();
      }
    });

    it('are the whole table’s after a resume, and none where only changes are read', async () => {
      await run(
        server(),
        'CREATE SCHEMA resumed',
        'CREATE TABLE resumed.t (id int PRIMARY KEY)',
        'INSERT INTO resumed.t SELECT generate_series(1, 2000)',
        'ANALYZE resumed.t',
      );
      const reading = { schemas: ['resumed'], page_rows: 50 };
      const { connection } = await open(server(), { reading: { ...reading, cursor_columns: ['id'] } });
      try {
        const killed = await transcript(connection.streams, { killAfter: 400, concurrency: 1 });
        const states = lastStates(killed.sent);
        expect([...states.values()]).toMatchObject([{ phase: 'loading' }]);
        const { told } = await estimates(connection, { states });
        expect(told).toEqual([['t', expect.objectContaining({ rows: 2000 })]]);
        const whole = await transcript(connection.streams);
        const followed = await estimates(connection, { states: lastStates(whole.sent), mode: 'incremental' });
        expect([followed.told, followed.errors]).toEqual([[], []]);
      } finally {
        await connection.close();
      }
    });

    it('of a table that a log feeds are said once, in however many pieces it is loaded', async () => {
      await run(
        server(),
        'CREATE SCHEMA fed',
        'CREATE TABLE fed.t (id int PRIMARY KEY)',
        'INSERT INTO fed.t SELECT generate_series(1, 4000)',
        'ANALYZE fed.t',
        'CREATE PUBLICATION fed FOR TABLE fed.t',
        "SELECT pg_create_logical_replication_slot('fed', 'pgoutput')",
      );
      const { connection } = await open(server(), {
        connection: { replication_slot: 'fed', publication: 'fed' },
        reading: { method: 'log', schemas: ['fed'], page_rows: 20, log_load_seconds: 0.02 },
      });
      try {
        const first = await estimates(connection, { mode: 'incremental' });
        expect([first.told, first.errors]).toEqual([[['t', expect.objectContaining({ rows: 4000 })]], []]);
        const { shared, streams } = first.last as unknown as {
          shared: JsonObject;
          streams: { state: JsonObject }[];
        };
        const states = new Map([['fed\u0000t', streams[0]!.state]]);
        expect((await estimates(connection, { states, shared, mode: 'incremental' })).told).toEqual([]);
      } finally {
        await connection.close();
        await run(server(), "SELECT pg_drop_replication_slot('fed')");
      }
    });
  });
}

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: estimates`, (server) => {
    it('are what the engine keeps of a table; none of an empty table or a view', async () => {
      await family.run(
        server(),
        'CREATE TABLE est_known (id INT PRIMARY KEY, pad VARCHAR(100))',
        `INSERT INTO est_known WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, 'x' FROM n`,
        'CREATE TABLE est_empty (id INT PRIMARY KEY)',
        'CREATE VIEW est_seen AS SELECT * FROM est_known',
        'ANALYZE TABLE est_known, est_empty',
      );
      const wishes = ['est_known', 'est_empty', 'est_seen'].map((name) => ({ name }));
      const { connection } = await family.open(flavour, server(), { streams: wishes, reading: { method: 'none' } });
      try {
        const ours = connection.streams.filter(({ name }) => name.startsWith('est_'));
        const { told, errors } = await estimates({ ...connection, streams: ours });
        expect(errors).toEqual([]);
        expect(told.map(([name]) => name)).toEqual(['est_known']);
        const [kept] = await family.run(
          server(),
          "SELECT table_rows AS row_count, data_length AS size FROM information_schema.tables WHERE table_name = 'est_known'",
        );
        expect(told[0]![1]).toEqual({ rows: Number(kept!.row_count), bytes: Number(kept!.size) });
        expect(told[0]![1].rows).toBeGreaterThan(0);
      } finally {
        await connection.close();
      }
    });
  });
}

describeWith(mongodb, 'MongoDB’s stand-in: estimates', (server) => {
  it('are what the server keeps of a collection; none of an empty one', async () => {
    await mongo.fill(
      server(),
      'estimated',
      Array.from({ length: 40 }, (_, i) => ({ _id: i, pad: 'x'.repeat(10) })),
    );
    await mongo.inDatabase(server(), (db) => db.createCollection('bare'));
    const wishes = ['estimated', 'bare'].map((name) => ({ name }));
    const { connection } = await mongo.open(server(), { streams: wishes, reading: { method: 'none' } });
    try {
      const { told, errors } = await estimates(connection);
      expect(errors).toEqual([]);
      expect(told).toEqual([['estimated', { rows: 40, bytes: expect.any(Number) }]]);
    } finally {
      await connection.close();
    }
  });
});

it('a keyed table says what its catalog says: rows and bytes, bytes alone, nothing of an empty one', () => {
  const estimate = (dataBytes: number, estimatedRows?: number) => {
    const rows = estimatedRows === undefined ? {} : { estimatedRows };
    const facts = { schema: 's', name: 't', isView: false, columns: [], primaryKey: [], order: [], dataBytes, ...rows };
    const kind = { server: {} as never, cursorForms: new Set<never>(), lookbackForms: new Set<never>(), warn() {} };
    return new KeyedTable(kind, { ...facts, indexed: new Set<string>() }, undefined).estimate();
  };
  expect(estimate(81_920, 7)).toEqual({ rows: 7, bytes: 81_920 });
  expect(estimate(81_920)).toEqual({ bytes: 81_920 });
  expect(estimate(0)).toBeUndefined();
  expect(estimate(16_384, 0)).toBeUndefined();
});

it('SQL Server’s catalog says rows and bytes', async () => {
  const sessions = pets(4);
  sessions.tables.get('toys')!.rows.clear();
  const found = await readCatalog(sessions, { schemas: [] } as unknown as ReadingSettings, undefined);
  expect(found.map(({ name, estimatedRows, dataBytes }) => [name, estimatedRows, dataBytes])).toEqual([
    ['pets', 4, 8192],
    ['toys', 0, 8192],
  ]);
});
