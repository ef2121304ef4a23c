import { Client } from 'pg';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import type { DatabaseSettings } from '../../src/index.js';
import { column, open, readAll, run } from '../reading.js';

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'check', (server) => {
    const check = async (settings: Partial<DatabaseSettings>, user?: { user: string; password: string }) => {
      const { connection } = await open({ ...server(), ...user }, settings, true);
      try {
        const { succeeded, message = '' } = await connection.check();
        return { succeeded, message };
      } finally {
        await connection.close();
      }
    };
    const fresh = (...statements: string[]) =>
      run(server(), 'DROP SCHEMA IF EXISTS checked CASCADE', 'CREATE SCHEMA checked', ...statements);
    const stream = (name: string, more: object = {}) => ({ name, namespace: 'checked', ...more });

    it('looks at the log for the streams that are set to it, and for no others', async () => {
      await fresh('CREATE TABLE checked.a (id int PRIMARY KEY)', 'CREATE TABLE checked.b (id int PRIMARY KEY)');
      const streams = [stream('a', { method: 'log' as const }), stream('b')];
      const asked = await check({ streams });
      expect(asked.succeeded).toBe(false);
      expect(asked.message).toContain("There is no replication slot 'tidemark'.");
      expect(asked.message).toContain('CREATE PUBLICATION "tidemark" FOR TABLE "checked"."a";');
      await run(
        server(),
        'CREATE PUBLICATION checked_a FOR TABLE checked.a',
        "SELECT pg_create_logical_replication_slot('checked', 'pgoutput')",
      );
      const connection = { replication_slot: 'checked', publication: 'checked_a' };
      expect(await check({ connection, streams })).toMatchObject({ succeeded: true });
      const reading = { method: 'log' as const };
      for (const b of [{ method: 'none' as const }, { cursor: 'id' }])
        expect((await check({ connection, reading, streams: [stream('a'), stream('b', b)] })).succeeded).toBe(true);
      const both = await check({ connection, reading, streams: [stream('a'), stream('b')] });
      expect(both).toMatchObject({ succeeded: false });
      expect(both.message).toContain('ALTER PUBLICATION "checked_a" ADD TABLE "checked"."b";');
      await run(server(), "SELECT pg_drop_replication_slot('checked')");
    });

    it('fails where no table is left that can be read, also where none was asked for by name', async () => {
      const generated = (name: string) =>
        `CREATE TABLE checked.${name} (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)`;
      await fresh(generated('g'));
      await run(
        server(),
        'CREATE PUBLICATION made FOR ALL TABLES',
        "SELECT pg_create_logical_replication_slot('made', 'pgoutput')",
      );
      const connection = { replication_slot: 'made', publication: 'made', schemas: ['checked'] };
      const reading = { method: 'log' as const };
      const told = await check({ connection, reading });
      expect([told.succeeded, told.message]).toEqual([
        false,
        expect.stringContaining('The log does not have its generated columns twice.'),
      ]);
      expect((await check({ connection, reading, streams: [stream('g')] })).succeeded).toBe(false);
      await run(server(), 'CREATE TABLE checked.plain (id int PRIMARY KEY)');
      const beside = await check({ connection, reading });
      expect([beside.succeeded, beside.message]).toEqual([true, expect.stringContaining('generated columns twice')]);
      await run(server(), "SELECT pg_drop_replication_slot('made')", 'DROP PUBLICATION made');
    });

    it('proposes no publication of a table that is in no log, and reads it whole', async () => {
      await fresh(
        'CREATE TABLE checked.kept (id int PRIMARY KEY)',
        'CREATE UNLOGGED TABLE checked.fast (id int PRIMARY KEY)',
        'INSERT INTO checked.fast VALUES (1), (2)',
      );
      await run(server(), "SELECT pg_create_logical_replication_slot('unlogged', 'pgoutput')");
      const settings = {
        connection: { replication_slot: 'unlogged', publication: 'none_yet' },
        reading: { method: 'log' as const },
        streams: [stream('kept'), stream('fast')],
      };
      const first = await check(settings);
      expect(first.message).toContain('Mend it with: CREATE PUBLICATION "none_yet" FOR TABLE "checked"."kept";');
      await run(server(), 'CREATE PUBLICATION none_yet FOR TABLE checked.kept');
      expect(await check(settings)).toEqual({
        succeeded: true,
        message:
          'checked.fast: It is UNLOGGED: its changes are in no log and cannot be followed, it is read whole by each sync. Mend it with: ALTER TABLE "checked"."fast" SET LOGGED;',
      });
      const { connection } = await open(server(), { ...settings, streams: [stream('fast')] });
      const read = await readAll(connection);
      await connection.close();
      expect(connection.streams.map((each) => each.name)).toEqual(['fast']);
      expect(column(read, 'id')).toEqual(['1', '2']);
      await run(server(), 'ALTER TABLE checked.fast SET LOGGED', 'ALTER PUBLICATION none_yet ADD TABLE checked.fast');
      expect(await check(settings)).toEqual({ succeeded: true, message: '' });
      await run(server(), "SELECT pg_drop_replication_slot('unlogged')", 'DROP PUBLICATION none_yet');
    });

    it('says which cursor column lacks an index', async () => {
      await fresh(
        'CREATE TABLE checked.t (id int PRIMARY KEY, at timestamptz, n int)',
        'CREATE INDEX ON checked.t (n)',
      );
      const bad = await check({ streams: [stream('t', { cursor: 'at' })] });
      expect(bad.succeeded).toBe(false);
      expect(bad.message).toContain('Mend it with: CREATE INDEX CONCURRENTLY ON "checked"."t" ("at");');
      expect((await check({ streams: [stream('t', { cursor: 'n' })] })).succeeded).toBe(true);
      expect((await check({ streams: [stream('t', { cursor: 'at', scan: true })] })).succeeded).toBe(true);
    });

    it('says who cannot see since when transactions are open, where it matters', async () => {
      await fresh(
        'CREATE TABLE checked.t (id int PRIMARY KEY, at timestamptz)',
        'CREATE INDEX ON checked.t (at)',
        "CREATE ROLE blind LOGIN PASSWORD 'p'",
        'GRANT USAGE ON SCHEMA checked TO blind',
        'GRANT SELECT ON checked.t TO blind',
      );
      const blind = { user: 'blind', password: 'p' };
      const byTime = { streams: [stream('t', { cursor: 'at' })] };
      const told = await check(byTime, blind);
      expect(told.succeeded).toBe(true);
      expect(told.message).toContain('Mend it with: GRANT pg_read_all_stats TO "blind";');
      expect(await check({ streams: [stream('t', { cursor: 'id' })] }, blind)).toEqual({
        succeeded: true,
        message: '',
      });
      expect(await check(byTime)).toEqual({ succeeded: true, message: '' });
      await run(server(), 'GRANT pg_read_all_stats TO blind');
      expect(await check(byTime, blind)).toEqual({ succeeded: true, message: '' });
      await run(server(), 'DROP OWNED BY blind', 'DROP ROLE blind');
    });

    it('says when no sender of the log is free', async () => {
      await fresh('CREATE TABLE checked.t (id int PRIMARY KEY)');
      await run(
        server(),
        'CREATE PUBLICATION senders FOR TABLE checked.t',
        "SELECT pg_create_logical_replication_slot('senders', 'pgoutput')",
      );
      const settings = {
        connection: { replication_slot: 'senders', publication: 'senders' },
        streams: [stream('t', { method: 'log' as const })],
      };
      expect((await check(settings)).succeeded).toBe(true);
      const [row] = await run(server(), "SELECT current_setting('max_wal_senders')::int AS most");
      const readers = Array.from(
        { length: Number(row!.most) },
        () => new Client({ connectionString: server().url, replication: 'database' } as object),
      );
      try {
        await Promise.all(readers.map((reader) => reader.connect()));
        const full = await check(settings);
        expect(full.succeeded).toBe(false);
        expect(full.message).toContain('ALTER SYSTEM SET max_wal_senders');
      } finally {
        await Promise.all(readers.map((reader) => reader.end()));
        await run(server(), "SELECT pg_drop_replication_slot('senders')");
      }
    });
  });
}
