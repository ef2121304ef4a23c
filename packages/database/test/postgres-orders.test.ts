import { lastStates, proveResume } from '@tidemark/source/testing';
import { expect, it, vi } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../scripts/servers/vitest.mjs';
import { readCatalog } from '../src/postgres/catalog.js';
import { Clients } from '../src/postgres/clients.js';
import { parsePostgresConfig } from '../src/postgres/config.js';
import { PostgresLoad } from '../src/postgres/load.js';
import { readingSettings } from '../src/reading-settings.js';
import { SpoolSpace } from '../src/spool/spool-space.js';
import { column, open, readAll, run } from './reading.js';

const KEYS: Record<string, { columns: string; key: string[]; row: string }> = {
  int: { columns: 'a int', key: ['a'], row: 'i' },
  uuid: { columns: 'a uuid', key: ['a'], row: 'md5(i::text)::uuid' },
  'text in a collation of its own': {
    columns: 'a text COLLATE "und-x-icu"',
    key: ['a'],
    row: `chr(65 + i % 58) || 'é' || i`,
  },
  'text with everything that has to be escaped': { columns: 'a text', key: ['a'], row: `E'\\\\ '' \\t \\n' || i` },
  timestamptz: { columns: 'a timestamptz', key: ['a'], row: `timestamptz '2024-01-01' + i * interval '1 microsecond'` },
  float8: { columns: 'a float8', key: ['a'], row: 'i / 7.0' },
  'two columns': { columns: 'a int, b text', key: ['a', 'b'], row: `i / 9, 'b' || i` },
  'three columns, the first constant': {
    columns: 'a int, b date, c numeric',
    key: ['a', 'b', 'c'],
    row: `1, date '2024-01-01' + i / 11, i * 1.1`,
  },
  boolean: { columns: 'a boolean, b char(8)', key: ['a', 'b'], row: `i % 2 = 0, i::text` },
};

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'loading by the order of a key', (server) => {
    for (const [what, { columns, key, row }] of Object.entries(KEYS)) {
      it(`of ${what}: killed after every k-th row, nothing lost, nothing doubled`, async () => {
        await run(
          server(),
          'DROP SCHEMA IF EXISTS keyed CASCADE',
          'CREATE SCHEMA keyed',
          `CREATE TABLE keyed.t (${columns}, v int, PRIMARY KEY (${key.join(', ')}))`,
          `INSERT INTO keyed.t SELECT ${row}, i FROM generate_series(1, 230) i`,
        );
        const streams = [{ name: 't', namespace: 'keyed', order: key }];
        const { connection } = await open(server(), { streams, reading: { page_rows: 20 } });
        try {
          const all = await readAll(connection);
          expect(all.errors).toEqual([]);
          expect(
            column(all, 'v')
              .map(Number)
              .sort((x, y) => x - y),
          ).toEqual(Array.from({ length: 230 }, (_, i) => i + 1));
          expect(await proveResume(() => connection.streams, { concurrency: 1, step: 17 })).toBeGreaterThan(10);
        } finally {
          await connection.close();
        }
      });
    }

    it('pages end early where rows are heavy', async () => {
      await run(
        server(),
        'DROP SCHEMA IF EXISTS keyed CASCADE',
        'CREATE SCHEMA keyed',
        'CREATE TABLE keyed.t (id int PRIMARY KEY, big text)',
        `INSERT INTO keyed.t SELECT i, repeat(md5(i::text), CASE WHEN i > 150 THEN 3000 ELSE 1 END) FROM generate_series(1, 200) i`,
      );
      const streams = [{ name: 't', namespace: 'keyed', order: ['id'] }];
      const { connection } = await open(server(), { streams, reading: { page_bytes: 50_000 } });
      try {
        const all = await readAll(connection);
        expect(column(all, 'id').length).toBe(200);
        expect(all.sent.filter((each) => each.kind === 'state').length).toBeGreaterThan(20);
      } finally {
        await connection.close();
      }
    });
  });
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'what has no row addresses', (server) => {
    it('views and foreign tables are read whole and say so; a declared order makes them resumable', async () => {
      const { database, port, user, password } = server();
      await run(
        server(),
        'DROP SCHEMA IF EXISTS views CASCADE',
        'CREATE SCHEMA views',
        'CREATE TABLE views.t AS SELECT i AS id FROM generate_series(1, 5000) i',
        'CREATE VIEW views.v AS SELECT id, id * 2 AS twice FROM views.t',
        'CREATE MATERIALIZED VIEW views.m AS SELECT id FROM views.t',
        'CREATE EXTENSION IF NOT EXISTS postgres_fdw',
        'DROP SERVER IF EXISTS self CASCADE',
        `CREATE SERVER self FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${port}', dbname '${database}')`,
        `CREATE USER MAPPING FOR CURRENT_USER SERVER self OPTIONS (user '${user}', password '${password}')`,
        `CREATE FOREIGN TABLE views.f (id int) SERVER self OPTIONS (schema_name 'views', table_name 't')`,
      );
      const { connection } = await open(server(), { reading: { schemas: ['views'], page_bytes: 5_000 } });
      const descriptions = await Promise.all(connection.streams.map((stream) => stream.describe()));
      expect(descriptions.map(({ name, is_resumable }) => [name, is_resumable])).toEqual([
        ['f', false],
        ['m', true],
        ['t', true],
        ['v', false],
      ]);
      const all = await readAll(connection);
      await connection.close();
      expect(all.errors).toEqual([]);
      for (const name of ['f', 'm', 't', 'v']) {
        const own = { sent: all.sent.filter((each) => each.stream === `views\u0000${name}`) };
        expect(new Set(column(own, 'id')).size).toBe(5000);
        expect(own.sent.filter((each) => each.kind === 'record').length).toBe(5000);
      }
      const ordered = await open(server(), {
        streams: [{ name: 'v', namespace: 'views', order: ['id'] }],
        reading: { page_rows: 300 },
      });
      try {
        expect((await ordered.connection.streams[0]!.describe()).is_resumable).toBe(true);
        expect(await proveResume(() => ordered.connection.streams, { step: 1013 })).toBeGreaterThan(3);
      } finally {
        await ordered.connection.close();
      }
    });

    it('a view that was begun by an earlier run is taken back and read again', async () => {
      await run(
        server(),
        'DROP SCHEMA IF EXISTS views CASCADE',
        'CREATE SCHEMA views',
        'CREATE VIEW views.v AS SELECT i AS id FROM generate_series(1, 4000) i',
      );
      const { connection } = await open(server(), { reading: { schemas: ['views'], page_bytes: 2_000 } });
      try {
        const stop = new AbortController();
        const onPage = (page: number) => (page === 3 ? stop.abort() : undefined);
        const first = await readAll(connection, { onPage, signal: stop.signal });
        const states = lastStates(first.sent);
        expect(states.get('views\u0000v')).toMatchObject({ phase: 'loading' });
        const second = await readAll(connection, { states });
        expect(second.sent.some((each) => each.kind === 'restart')).toBe(true);
        expect(column({ sent: [...first.sent, ...second.sent] }, 'id').length).toBe(4000);
      } finally {
        await connection.close();
      }
    });
  });
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'the plan for servers that cannot read ranges of row addresses', (server) => {
    it('lists the addresses, and reads the same rows', async () => {
      const { host, port, user, password, database } = server();
      await run(
        server(),
        'DROP SCHEMA IF EXISTS older CASCADE',
        'CREATE SCHEMA older',
        `CREATE TABLE older.t AS SELECT i AS id, repeat('x', i % 300) AS pad FROM generate_series(1, 2000) i`,
        'DELETE FROM older.t WHERE id % 7 = 0',
      );
      const settings = readingSettings({ chunk_bytes: 8192 * 3, page_rows: 90 });
      const clients = new Clients(parsePostgresConfig({ host, port, user, password, database }), settings);
      try {
        const [table] = await readCatalog(clients, ['older'], undefined);
        const spool = new SpoolSpace(settings, () => {});
        const shared = { clients, settings, spool, snapshot: undefined, user, warn: () => {} };
        const counts: number[] = [];
        for (const tidRanges of [false, true]) {
          const load = new PostgresLoad({ ...shared, tidRanges }, table!, table!.columns, undefined);
          const [part] = await load.begin();
          const chunk = {
            part: part!.id,
            identity: part!.identity,
            range: { lo: null, hi: null, pos: [3, 5], rows: 0, done: false },
          };
          const seen = new Set<unknown>();
          for await (const page of load.read(chunk, { signal: new AbortController().signal }))
            for (const record of page.records) seen.add(record.id);
          counts.push(seen.size);
        }
        const [{ count } = { count: '' }] = await run(server(), `SELECT count(*) FROM older.t WHERE ctid > '(3,5)'`);
        expect(counts.map(String)).toEqual([count, count]);
      } finally {
        await clients.close();
      }
    });

    it('killed after every k-th row, chunks of one block, one reader and three: nothing lost, nothing doubled', async () => {
      await run(
        server(),
        'DROP SCHEMA IF EXISTS older CASCADE',
        'CREATE SCHEMA older',
        `CREATE TABLE older.t AS SELECT i AS id, repeat('x', i % 300) AS pad FROM generate_series(1, 400) i`,
        'DELETE FROM older.t WHERE id BETWEEN 60 AND 130',
      );
      // Servers of before version 14 cannot be had: this one says that it is one.
      const query = Clients.prototype.query;
      let asked = 0;
      const spy = vi.spyOn(Clients.prototype, 'query').mockImplementation(function (this: Clients, ...given) {
        if (given[0] !== 'SHOW server_version_num') return query.apply(this, given) as Promise<never[]>;
        asked++;
        return Promise.resolve([{ server_version_num: '130000' }] as never[]);
      });
      try {
        const reading = { schemas: ['older'], chunk_bytes: 8192, page_rows: 20 };
        const { connection } = await open(server(), { reading });
        expect(asked).toBe(1);
        expect(await proveResume(() => connection.streams, { concurrency: 1, step: 7 })).toBeGreaterThan(40);
        expect(await proveResume(() => connection.streams, { concurrency: 3, step: 13 })).toBeGreaterThan(20);
        const all = await readAll(connection);
        expect(column(all, 'id')).toHaveLength(400 - 71);
        await connection.close();
      } finally {
        spy.mockRestore();
      }
    });

    it('a unique key that may be null is not paged by: killed and resumed, rows without it come once each', async () => {
      await run(
        server(),
        'DROP SCHEMA IF EXISTS nullable CASCADE',
        'CREATE SCHEMA nullable',
        'CREATE TABLE nullable.t (u int UNIQUE, v int)',
        'INSERT INTO nullable.t SELECT CASE WHEN i % 3 > 0 THEN i END, i FROM generate_series(1, 600) i',
      );
      const reading = { schemas: ['nullable'], chunk_bytes: 8192, page_rows: 40 };
      const { connection } = await open(server(), { reading });
      try {
        const [stream] = await Promise.all(connection.streams.map((each) => each.describe()));
        expect(stream).toMatchObject({ source_defined_primary_key: [], is_resumable: true });
        const stop = new AbortController();
        const half = await readAll(connection, { onPage: () => stop.abort(), signal: stop.signal, concurrency: 1 });
        expect(lastStates(half.sent).get('nullable\u0000t')).toMatchObject({
          phase: 'loading',
          parts: [{ identity: { kind: 'ctid' } }],
        });
        expect(await proveResume(() => connection.streams, { concurrency: 2, step: 19 })).toBeGreaterThan(20);
        expect(new Set(column(await readAll(connection), 'v')).size).toBe(600);
      } finally {
        await connection.close();
      }
    });
  });
}
