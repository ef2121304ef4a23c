import { lastStates } from '@tidemark/source/testing';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { youngerThan } from '../../src/postgres/statements.js';
import { column, open, readAll, run } from '../reading.js';

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i)).sort();

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'rows of young transactions', (server) => {
    /** Other sessions take transaction ids, as they do all the time on a busy server. */
    const burn = () =>
      run(server(), 'DO $$ BEGIN FOR i IN 1..40 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$').then(
        () => undefined,
      );
    const sync = async (stream: object, states?: ReturnType<typeof lastStates>) => {
      const streams = [{ name: 't', namespace: 'young', ...stream }];
      const { connection } = await open(server(), { streams, reading: { page_rows: 7, concurrency: 1 } });
      try {
        const result = await readAll(connection, { mode: 'incremental', states, onPage: states && burn });
        expect(result.errors).toEqual([]);
        return { ids: column(result, 'id'), states: lastStates(result.sent) };
      } finally {
        await connection.close();
      }
    };
    const insert = (from: number, to: number) =>
      `INSERT INTO young.t SELECT i, repeat('x', 1900) FROM generate_series(${from}, ${to}) i`;
    const fresh = (...statements: string[]) =>
      run(server(), 'DROP SCHEMA IF EXISTS young CASCADE', 'CREATE SCHEMA young', ...statements);

    it('by transaction ids: none is lost while ids are given out between the pages', async () => {
      await fresh('CREATE TABLE young.t (id int, pad text)', insert(1, 20));
      const first = await sync({ method: 'xmin' });
      await run(server(), insert(101, 500));
      const second = await sync({ method: 'xmin' }, first.states);
      expect(second.ids).toEqual(numbers(101, 500));
      expect((await sync({ method: 'xmin' }, second.states)).ids).toEqual([]);
    });

    it('by a cursor: none is lost of a transaction that was open during the sync before', async () => {
      await fresh(
        'CREATE TABLE young.t (id int PRIMARY KEY, at timestamptz)',
        'CREATE INDEX ON young.t (at)',
        'INSERT INTO young.t VALUES (1, now())',
      );
      const first = await sync({ cursor: 'at' });
      const client = new Client({ connectionString: server().url });
      await client.connect();
      try {
        await client.query('BEGIN');
        await client.query('INSERT INTO young.t SELECT i, now() FROM generate_series(2, 40) i');
        await run(server(), 'INSERT INTO young.t VALUES (41, now())');
        const during = await sync({ cursor: 'at' }, first.states);
        expect(during.ids).toEqual(['41']);
        await client.query('COMMIT');
        const after = await sync({ cursor: 'at' }, during.states);
        expect(after.ids.filter((id) => id !== '1' && id !== '41')).toEqual(numbers(2, 40));
      } finally {
        await client.end();
      }
    });

    it('the server takes the ids of any age', async () => {
      const [row] = await run(server(), 'SELECT txid_current()::text AS next');
      const next = BigInt(String(row!.next));
      await fresh('CREATE TABLE young.t (id int)', 'INSERT INTO young.t VALUES (1)');
      const count = async (before: bigint, now: bigint) =>
        (await run(server(), `SELECT count(*)::int AS n FROM young.t WHERE ${youngerThan(before, now)}`))[0]!.n;
      expect(await count(next, next + 1n)).toBe(1);
      expect(await count(next + 1000n, next + 1000n)).toBe(1);
      expect(await count(next - 2n ** 31n + 1000n, next)).toBe(1);
      await run(server(), 'SELECT txid_current()');
      const [after] = await run(server(), 'SELECT txid_current()::text AS next');
      expect(await count(BigInt(String(after!.next)), BigInt(String(after!.next)) + 1n)).toBe(0);
    });
  });
}

describe('transaction ids that have wrapped around', () => {
  const age = (id: string) => `pg_catalog.age('${id}'::xid)`;
  const filter = (id: string) => `(${age(id)} < 0 OR pg_catalog.age(xmin) BETWEEN 0 AND ${age(id)})`;

  it.each<[before: bigint, next: bigint, id: string]>([
    [1000n, 2000n, '1000'],
    [2n ** 32n - 1n, 2n ** 32n + 10n, '4294967295'],
    [2n ** 32n, 2n ** 32n + 10n, '3'],
    [2n ** 32n + 2n, 2n ** 32n + 10n, '3'],
    [2n ** 32n + 3n, 2n ** 32n + 10n, '3'],
    [5n * 2n ** 32n + 77n, 5n * 2n ** 32n + 77n, '77'],
    [0n, 2n ** 31n - 1n, '3'],
  ])('rows from %s on, at %s', (before, next, id) => {
    expect(youngerThan(before, next)).toBe(filter(id));
  });

  it.each<[before: bigint, next: bigint]>([
    [0n, 2n ** 31n],
    [1000n, 2n ** 32n + 1000n],
    [2000n, 1000n],
  ])('from %s on at %s, ages say nothing', (before, next) => {
    expect(youngerThan(before, next)).toBeUndefined();
  });
});
