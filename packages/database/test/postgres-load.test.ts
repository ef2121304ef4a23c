import { committed, lastStates, proveResume, transcript } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../scripts/servers/vitest.mjs';
import { type Address, column, open, readAll, run } from './reading.js';

const ONE_PAGE = { chunk_bytes: 8192, page_rows: 40 };

/** A schema of its own for a test. */
async function fresh(server: Address, schema: string, ...statements: string[]): Promise<void> {
  await run(server, `DROP SCHEMA IF EXISTS ${schema} CASCADE`, `CREATE SCHEMA ${schema}`);
  await run(server, `SET search_path = ${schema}`, ...statements);
}

async function texts(server: Address, statement: string): Promise<string[]> {
  return (await run(server, statement)).map((row) => String(Object.values(row)[0])).sort();
}

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'loading by row address', (server) => {
    it('killed after every row, one-page chunks, one reader and four: nothing lost, nothing doubled', async () => {
      await fresh(
        server(),
        'pages',
        `CREATE TABLE t AS SELECT i AS id, repeat('x', 200) AS pad FROM generate_series(1, 260) i`,
        'DELETE FROM t WHERE id BETWEEN 40 AND 120',
      );
      const { connection } = await open(server(), { reading: { schemas: ['pages'], ...ONE_PAGE } });
      try {
        expect(await proveResume(() => connection.streams, { concurrency: 1, step: 3 })).toBeGreaterThan(50);
        expect(await proveResume(() => connection.streams, { concurrency: 4, step: 5 })).toBeGreaterThan(30);
        const all = await readAll(connection);
        expect(column(all, 'id')).toEqual(await texts(server(), 'SELECT id FROM pages.t'));
      } finally {
        await connection.close();
      }
    });

    it('tables that are empty, emptied, of one row, and of exactly one block', async () => {
      await fresh(
        server(),
        'small',
        'CREATE TABLE none (id int)',
        'CREATE TABLE emptied AS SELECT i AS id FROM generate_series(1, 1000) i',
        'DELETE FROM emptied',
        'CREATE TABLE one AS SELECT 1 AS id',
        'CREATE TABLE block AS SELECT i AS id FROM generate_series(1, 226) i',
        'CREATE TABLE bare ()',
        'INSERT INTO bare DEFAULT VALUES',
        'INSERT INTO bare DEFAULT VALUES',
      );
      const { connection } = await open(server(), { reading: { schemas: ['small'], ...ONE_PAGE } });
      try {
        const all = await readAll(connection);
        expect(all.errors).toEqual([]);
        const count = (name: string) =>
          all.sent.filter((each) => each.kind === 'record' && each.stream.endsWith(`\u0000${name}`)).length;
        expect(['none', 'emptied', 'one', 'block', 'bare'].map(count)).toEqual([0, 0, 1, 226, 2]);
        const states = lastStates(all.sent);
        expect(states.get('small\u0000none')).toMatchObject({ phase: 'done', rows: 0 });
        expect(states.get('small\u0000block')).toMatchObject({ phase: 'done', rows: 226 });
        const again = await readAll(connection, { states });
        expect(again.sent.filter((each) => each.kind === 'record')).toEqual([]);
      } finally {
        await connection.close();
      }
    });

    it('rows whose values are kept out of line are read one by one where a block weighs too much', async () => {
      await fresh(
        server(),
        'wide',
        `CREATE TABLE t (id int, big text)`,
        'ALTER TABLE t ALTER big SET STORAGE EXTERNAL',
        `INSERT INTO t SELECT i, CASE WHEN i % 4 = 0 THEN repeat(md5(i::text), 4000) ELSE 's' END FROM generate_series(1, 300) i`,
      );
      const reading = { schemas: ['wide'], page_bytes: 100_000, page_rows: 1000 };
      const { connection } = await open(server(), { reading });
      try {
        const all = await readAll(connection);
        expect(all.errors).toEqual([]);
        expect(column(all, 'id')).toEqual(await texts(server(), 'SELECT id FROM wide.t'));
        // The heavy rows come in pages of about the size that was asked for.
        expect(all.sent.filter((each) => each.kind === 'state').length).toBeGreaterThan(40);
        expect(await proveResume(() => connection.streams, { concurrency: 1, step: 61 })).toBeGreaterThan(4);
      } finally {
        await connection.close();
      }
    });

    it('leaves of partitioned tables and children of inherited ones, each by itself', async () => {
      await fresh(
        server(),
        'leaves',
        'CREATE TABLE p (id int, day date) PARTITION BY RANGE (id)',
        'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)',
        'CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY RANGE (id)',
        'CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (100) TO (500)',
        'CREATE TABLE p2b PARTITION OF p2 DEFAULT',
        'INSERT INTO p SELECT i, now() FROM generate_series(0, 999) i',
        'CREATE TABLE parent (id int)',
        'CREATE TABLE child (extra int) INHERITS (parent)',
        'INSERT INTO parent SELECT generate_series(1, 300)',
        'INSERT INTO child SELECT generate_series(301, 600)',
      );
      const { connection } = await open(server(), { reading: { schemas: ['leaves'], ...ONE_PAGE } });
      try {
        expect(connection.streams.map((stream) => stream.name)).toEqual(['child', 'p', 'parent']);
        const all = await readAll(connection);
        const of = (name: string) => ({ sent: all.sent.filter((each) => each.stream.endsWith(`\u0000${name}`)) });
        expect(column(of('p'), 'id')).toEqual(await texts(server(), 'SELECT id FROM leaves.p'));
        expect(column(of('parent'), 'id')).toEqual(await texts(server(), 'SELECT id FROM leaves.parent'));
        expect(await proveResume(() => connection.streams, { concurrency: 3, step: 97 })).toBeGreaterThan(10);
        await run(
          server(),
          'DROP TABLE leaves.p1',
          'CREATE TABLE leaves.p3 PARTITION OF leaves.p FOR VALUES FROM (2000) TO (3000)',
        );
      } finally {
        await connection.close();
      }
    });

    it('a load goes on when partitions were dropped and added meanwhile', async () => {
      await fresh(
        server(),
        'moving',
        'CREATE TABLE p (id int) PARTITION BY RANGE (id)',
        'CREATE TABLE a PARTITION OF p FOR VALUES FROM (0) TO (1000)',
        'CREATE TABLE b PARTITION OF p FOR VALUES FROM (1000) TO (2000)',
        'INSERT INTO p SELECT generate_series(0, 1999)',
      );
      const settings = { streams: [{ name: 'p', namespace: 'moving' }], reading: ONE_PAGE };
      const before = await open(server(), settings);
      const first = await transcript(before.connection.streams, { concurrency: 1, killAfter: 500 });
      await before.connection.close();
      await run(
        server(),
        'DROP TABLE moving.a',
        'CREATE TABLE moving.c PARTITION OF moving.p FOR VALUES FROM (2000) TO (3000)',
        'INSERT INTO moving.p SELECT generate_series(2000, 2999)',
      );
      const after = await open(server(), settings);
      try {
        const states = lastStates(first.sent);
        const second = await readAll(after.connection, { states });
        expect(second.errors).toEqual([]);
        const got = column({ sent: [...committed(first.sent), ...second.sent] }, 'id').map(Number);
        const kept = got.filter((id) => id >= 1000).sort((x, y) => x - y);
        expect(kept).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1000));
      } finally {
        await after.connection.close();
      }
    });
  });

  describeWith(kind, 'tables that are rewritten', (server) => {
    const filled = (key: string) => [
      `CREATE TABLE t (id int ${key}, pad text)`,
      `INSERT INTO t SELECT i, repeat('x', 300) FROM generate_series(1, 600) i`,
      'CREATE INDEX by_pad ON t (pad)',
      `DELETE FROM t WHERE id % 3 = 0`,
    ];
    const rewrites = {
      'VACUUM FULL': ['VACUUM FULL S.t'],
      CLUSTER: ['CLUSTER S.t USING by_pad'],
      'TRUNCATE and new rows': ['TRUNCATE S.t', `INSERT INTO S.t SELECT i, 'new' FROM generate_series(900, 1300) i`],
      'ALTER TABLE': ['ALTER TABLE S.t ALTER id TYPE bigint'],
    };
    for (const [what, statements] of Object.entries(rewrites)) {
      for (const key of ['', 'PRIMARY KEY']) {
        it(`${what} between two pages, ${key === '' ? 'without a key' : 'with one'}`, async () => {
          await fresh(server(), 'rewritten', ...filled(key));
          const { connection, logs } = await open(server(), {
            reading: { schemas: ['rewritten'], ...ONE_PAGE, concurrency: 2 },
          });
          try {
            const all = await readAll(connection, {
              onPage: async (page) => {
                if (page === 6) await run(server(), ...statements.map((each) => each.replaceAll('S.', 'rewritten.')));
              },
            });
            expect(all.errors).toEqual([]);
            expect(logs.join()).toContain('rewritten on disk');
            expect(column(all, 'id')).toEqual(await texts(server(), 'SELECT id FROM rewritten.t'));
            const last = lastStates(all.sent).get('rewritten\u0000t');
            expect(last).toMatchObject({ phase: 'done' });
          } finally {
            await connection.close();
          }
        });
      }

      it(`${what} between two attempts`, async () => {
        await fresh(server(), 'rewritten', ...filled('PRIMARY KEY'));
        const settings = { reading: { schemas: ['rewritten'], ...ONE_PAGE } };
        const before = await open(server(), settings);
        const first = await transcript(before.connection.streams, { concurrency: 2, killAfter: 150 });
        await before.connection.close();
        await run(server(), ...statements.map((each) => each.replaceAll('S.', 'rewritten.')));
        const after = await open(server(), settings);
        try {
          const states = lastStates(first.sent);
          const second = await readAll(after.connection, { states });
          expect(second.errors).toEqual([]);
          const got = column({ sent: [...committed(first.sent), ...second.sent] }, 'id');
          expect(got).toEqual(await texts(server(), 'SELECT id FROM rewritten.t'));
        } finally {
          await after.connection.close();
        }
      });
    }

    it('inserts, moves and deletes while it is loaded: what stayed untouched comes exactly once', async () => {
      await fresh(
        server(),
        'busy',
        'CREATE TABLE t (id int PRIMARY KEY, v int)',
        'INSERT INTO t SELECT i, 0 FROM generate_series(1, 3000) i',
      );
      const { connection } = await open(server(), { reading: { schemas: ['busy'], ...ONE_PAGE, concurrency: 3 } });
      try {
        const all = await readAll(connection, {
          onPage: async (page) => {
            if (page > 8) return;
            await run(
              server(),
              `INSERT INTO busy.t SELECT 10000 + ${page} * 100 + i, 0 FROM generate_series(1, 50) i`,
              `UPDATE busy.t SET v = v + 1 WHERE id % 10 = 1 AND id <= 3000`,
              `DELETE FROM busy.t WHERE id % 10 = 2 AND id BETWEEN ${page * 100} AND ${page * 100 + 99}`,
            );
          },
        });
        expect(all.errors).toEqual([]);
        const untouched = column(all, 'id')
          .map(Number)
          .filter((id) => id <= 3000 && ![1, 2].includes(id % 10));
        const wanted = Array.from({ length: 3000 }, (_, i) => i + 1).filter((id) => ![1, 2].includes(id % 10));
        expect(untouched.sort((a, b) => a - b)).toEqual(wanted);
      } finally {
        await connection.close();
      }
    });

    it('sessions that are cut while it is loaded: the pages in hand are asked for again', async () => {
      await fresh(
        server(),
        'cut',
        `CREATE TABLE t AS SELECT i AS id, repeat('x', 500) AS pad FROM generate_series(1, 9000) i`,
      );
      const { connection } = await open(server(), {
        reading: { schemas: ['cut'], page_rows: 300, concurrency: 2, chunk_bytes: 1 << 20 },
      });
      try {
        const all = await readAll(connection, {
          onPage: async (page) => {
            if (page % 5 !== 0) return;
            await run(
              server(),
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidemark'`,
            );
          },
        });
        expect(all.errors).toEqual([]);
        expect(column(all, 'id')).toEqual(await texts(server(), 'SELECT id FROM cut.t'));
      } finally {
        await connection.close();
      }
    });

    it('with one snapshot for all chunks nothing of what changes meanwhile is seen', async () => {
      await fresh(server(), 'still', 'CREATE TABLE t AS SELECT i AS id, 0 AS v FROM generate_series(1, 3000) i');
      const reading = { schemas: ['still'], ...ONE_PAGE, concurrency: 3, snapshot: true };
      const { connection } = await open(server(), { reading });
      try {
        const all = await readAll(connection, {
          onPage: async (page) => {
            if (page > 3) return;
            await run(server(), 'UPDATE still.t SET v = v + 1', `INSERT INTO still.t VALUES (${90000 + page}, 9)`);
          },
        });
        expect(all.errors).toEqual([]);
        const wanted = Array.from({ length: 3000 }, (_, i) => String(i + 1)).sort();
        expect(column(all, 'id')).toEqual(wanted);
        expect(new Set(column(all, 'v'))).toEqual(new Set(['0']));
      } finally {
        await connection.close();
      }
    });
  });
}
