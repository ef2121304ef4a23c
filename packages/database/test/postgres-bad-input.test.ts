import { lastStates } from '@tidemark/source/testing';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { createDatabaseSource } from '../src/index.js';
import { context, open, readAll, run } from './reading.js';

describeWith(postgres, 'bad input', (server) => {
  const connect = async (config: object, settings: object = {}) => {
    const source = await createDatabaseSource({ dialect: 'postgres', ...settings });
    const { host, port, database, user: username, password } = server();
    return source.connect({ host, port, database, username, password, ...config }, context());
  };
  const failure = async (config: object, settings: object = {}): Promise<string> => {
    try {
      await (await connect(config, settings)).close();
    } catch (error) {
      const { kind, message } = error as { kind: string; message: string };
      return `${kind}: ${message}`;
    }
    return 'none';
  };

  it('wrong password, unknown database, nothing there, no TLS: each says what it is', async () => {
    expect(await failure({ password: 'wrong' })).toMatch(
      /^config: Connecting to .* The server refuses this user or password/,
    );
    expect(await failure({ password: 'wrong' })).not.toContain('wrong');
    expect(await failure({ database: 'nowhere' })).toMatch(/^config: .* The database does not exist/);
    expect(await failure({ port: 1 })).toMatch(/^transient: .* Nothing answers at this host and port/);
    expect(await failure({ ssl_mode: 'verify-full' })).toMatch(/^config: .* The server offers no TLS/);
    expect(await failure({ ssl_mode: { mode: 'prefer' } })).toBe('none');
    expect(await failure({ port: 'x', ssl_mode: 'sometimes', username: 7 })).toMatch(
      /^config: .*'username' must be a text.*'port' must be a number.*'ssl_mode' must be one of/,
    );
    expect(await failure({}, { dialect: 'oracle' })).toMatch(/^config: There is no dialect 'oracle'/);
    const absent = await open(server(), { streams: [{ name: 'no_such_table' }] });
    const read = await readAll(absent.connection);
    expect(read.errors.map(({ message }) => message).join()).toContain("There is no table 'no_such_table'");
    await absent.connection.close();
    expect(await failure({}, { reading: { page_rows: 0, concurrency: 'x' } })).toMatch(/'page_rows'.*'concurrency'/);
  });

  it('a right that is missing on one table fails that table alone, and check names every such table with its remedy', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS rights CASCADE',
      'CREATE SCHEMA rights',
      'CREATE TABLE rights.open (id int)',
      'INSERT INTO rights.open VALUES (1)',
      'CREATE TABLE rights.shut (id int)',
      'CREATE TABLE rights.part (id int PRIMARY KEY) PARTITION BY RANGE (id)',
      'CREATE TABLE rights.part1 PARTITION OF rights.part DEFAULT',
      'INSERT INTO rights.part SELECT generate_series(1, 100)',
      `DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'reading'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
      'GRANT USAGE ON SCHEMA rights TO reader',
      'GRANT SELECT ON rights.open, rights.part TO reader',
      'CREATE TABLE rights.some (id int PRIMARY KEY, secret text)',
      `INSERT INTO rights.some SELECT i, 'x' FROM generate_series(1, 10) i`,
      'GRANT SELECT (id) ON rights.some TO reader',
    );
    const reader = { username: 'reader', password: 'reading' };
    const connection = await connect(reader, { reading: { schemas: ['rights'] } });
    const all = await readAll(connection);
    const check = await connection.check();
    await connection.close();
    expect(Object.fromEntries(all.outcomes)).toEqual({
      'rights\u0000open': 'complete',
      'rights\u0000part': 'complete',
      'rights\u0000shut': 'failed',
      'rights\u0000some': 'complete',
    });
    expect(all.sent.filter((each) => each.kind === 'record').length).toBe(111);
    const some = connection.streams.find((stream) => stream.name === 'some');
    expect(Object.keys((await some!.describe()).json_schema.properties as object)).toEqual(['id']);
    expect(all.errors[0]).toMatchObject({ kind: 'config', stream: 'shut' });
    expect(all.errors[0]!.message).toMatch(/lacks the right to select from rights.shut.*GRANT SELECT/);
    expect(check.succeeded).toBe(true);
    expect(check.message).toMatch(/rights\.shut: .*GRANT SELECT ON "rights"."shut" TO "reader";/);
    expect(check.message).toMatch(/rights\.part: .*GRANT SELECT ON "rights"."part1" TO "reader";/);
    expect(check.message).toContain(
      'rights.some: The user reader may select only some of its columns: the others are left out, and it is read by key or whole, not by row addresses. Mend it with: GRANT SELECT ON "rights"."some" TO "reader";',
    );
    expect(check.message).toMatch(/rights\.part: The user reader may not select from 1 of its partitions/);
    const asked = await connect(reader, { streams: [{ name: 'shut', namespace: 'rights' }] });
    expect((await asked.check()).succeeded).toBe(false);
    await asked.close();
    const nothing = await connect(reader, { reading: { schemas: ['none'] } });
    const blocked = await nothing.check();
    await nothing.close();
    expect(blocked.succeeded).toBe(false);
    expect(blocked.message).toMatch(/sees no table in the schemas none.*GRANT USAGE ON SCHEMA "none"/);
  });

  it('check says why the server cannot be reached', async () => {
    const source = await createDatabaseSource({ dialect: 'postgres' });
    const { host, port, database, user: username } = server();
    const config = { host, port, database, username, password: 'wrong' };
    const connection = await source.connect(config, context(), { forCheck: true });
    const result = await connection.check();
    await connection.close();
    expect(result.succeeded).toBe(false);
    expect(result.message).toMatch(/refuses this user or password/);
  });

  it('a table that is dropped while it is read', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS gone CASCADE',
      'CREATE SCHEMA gone',
      'CREATE TABLE gone.t AS SELECT i AS id FROM generate_series(1, 5000) i',
      'CREATE TABLE gone.u AS SELECT 1 AS id',
    );
    const { connection } = await open(server(), {
      reading: { schemas: ['gone'], chunk_bytes: 8192, page_rows: 10, concurrency: 1 },
    });
    try {
      const all = await readAll(connection, {
        onPage: async (page) => {
          if (page === 3) await run(server(), 'DROP TABLE gone.t');
        },
      });
      expect(all.errors.map((error) => `${error.kind} ${error.message}`)).toEqual([
        expect.stringMatching(/^config .*(does not exist any more|was dropped while it was read)/),
      ]);
      expect(all.outcomes.get('gone\u0000u')).toBe('complete');
    } finally {
      await connection.close();
    }
  });

  it('a table that somebody has locked fails alone, in bounded time', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS locked CASCADE',
      'CREATE SCHEMA locked',
      'CREATE TABLE locked.a AS SELECT 1 AS id',
      'CREATE TABLE locked.b AS SELECT 1 AS id',
    );
    const holder = new Client({ connectionString: server().url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE locked.a IN ACCESS EXCLUSIVE MODE');
      const { connection } = await open(server(), { reading: { schemas: ['locked'], lock_timeout_seconds: 0.3 } });
      const all = await readAll(connection);
      await connection.close();
      expect(Object.fromEntries(all.outcomes)).toEqual({ 'locked\u0000a': 'failed', 'locked\u0000b': 'complete' });
      expect(all.errors[0]).toMatchObject({ kind: 'transient', stream: 'a' });
      expect(all.errors[0]!.message).toMatch(/locked by somebody else for too long \(lock_timeout_seconds\)/);
    } finally {
      await holder.end();
    }
  });

  it('no statement and no transaction is open while the destination is slow', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS slow CASCADE',
      'CREATE SCHEMA slow',
      `CREATE TABLE slow.t AS SELECT i AS id, repeat('x', 200) AS pad FROM generate_series(1, 20000) i`,
      'CREATE VIEW slow.k AS SELECT * FROM slow.t',
      'CREATE INDEX ON slow.t (id)',
    );
    const streams = [
      { name: 't', namespace: 'slow' },
      { name: 'k', namespace: 'slow', order: ['id'] },
    ];
    const { connection } = await open(server(), { streams, reading: { page_rows: 500, concurrency: 2 } });
    let busy = 0;
    let looks = 0;
    try {
      const all = await readAll(connection, {
        onPage: async (page) => {
          if (page % 10 !== 0) return;
          // Long enough for a page that is fetched ahead to be there.
          await new Promise((resolve) => setTimeout(resolve, 300));
          const [row] = await run(
            server(),
            `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'tidemark' AND (state <> 'idle' OR xact_start IS NOT NULL)`,
          );
          looks++;
          busy += Number(row!.n);
        },
      });
      expect(all.errors).toEqual([]);
      expect(looks).toBeGreaterThan(2);
      // The other stream's reader may be at work in one look or another; held ones would be there in all.
      expect(busy).toBeLessThan(looks);
    } finally {
      await connection.close();
    }
  });

  it('a state of another table, of another dialect, of no shape', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS states CASCADE',
      'CREATE SCHEMA states',
      'CREATE TABLE states.t AS SELECT 1 AS id',
    );
    const { connection } = await open(server(), { reading: { schemas: ['states'] } });
    try {
      const good = lastStates((await readAll(connection)).sent).get('states\u0000t')!;
      const ask = async (state: object): Promise<string> => {
        const states = new Map([['states\u0000t', state as never]]);
        return (await readAll(connection, { states })).errors.map((error) => `${error.kind}: ${error.message}`).join();
      };
      expect(await ask({ ...good, table: 'states.u' })).toMatch(
        /^config: .*is of the table 'states.u', not of 'states.t'/,
      );
      expect(await ask({ ...good, dialect: 'mysql' })).toMatch(/of the database kind 'mysql', not of 'postgres'/);
      expect(await ask({ ...good, v: 9 })).toMatch(/version 9 is not known/);
      expect(await ask({ ...good, phase: 'half' })).toMatch(/'phase' must be one of/);
      expect(await ask({ ...good, phase: 'loading', parts: [{}], then: null })).toMatch(
        /'parts\[0\].id' must be a text/,
      );
      expect(await ask({ next_page_token: 7 })).toMatch(
        /cannot be gone on from: it is none that this source or Airbyte/,
      );
      expect(await ask({})).toBe('');
    } finally {
      await connection.close();
    }
  });

  it('states of Airbyte, version 2 and 3, are gone on from', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS foreign_states CASCADE',
      'CREATE SCHEMA foreign_states',
      `CREATE TABLE foreign_states.t AS SELECT i AS id, repeat('x', 500) AS pad FROM generate_series(1, 100) i`,
      'CREATE INDEX ON foreign_states.t (id)',
    );
    const [{ node, after } = { node: '', after: '' }] = await run(
      server(),
      `SELECT pg_relation_filenode('foreign_states.t')::int AS node, count(*)::int AS after FROM foreign_states.t WHERE ctid > '(2,3)'`,
    );
    const { connection } = await open(server(), {
      streams: [{ name: 't', namespace: 'foreign_states', cursor: 'id' }],
    });
    try {
      const go = async (state: object, mode: 'full_refresh' | 'incremental' = 'full_refresh') => {
        const all = await readAll(connection, { states: new Map([['foreign_states\u0000t', state as never]]), mode });
        const rows = all.sent.filter((each) => each.kind === 'record').length;
        return (
          all.errors.map((error) => error.message).join() ||
          `${rows} ${lastStates(all.sent).get('foreign_states\u0000t')?.phase}`
        );
      };
      const ctid = { version: 2, state_type: 'ctid', ctid: '(2,3)', incremental_state: {}, relation_filenode: node };
      expect(await go(ctid)).toBe(`${after} done`);
      expect(await go({ ...ctid, version: 3, state_type: 'ctid_based' })).toBe(`${after} done`);
      expect(await go({ ...ctid, relation_filenode: 1 })).toBe('100 done');
      expect(await go({ ...ctid, version: 4 })).toMatch(/version 4 is not known/);
      const cursor = {
        version: 2,
        state_type: 'cursor_based',
        stream_name: 't',
        stream_namespace: 'foreign_states',
        cursor_field: ['id'],
        cursor: '98',
      };
      expect(await go(cursor, 'incremental')).toBe('3 streaming');
      expect(await go({ ...ctid, incremental_state: cursor }, 'incremental')).toBe(`${after} streaming`);
      expect(await go({ ...cursor, stream_name: 'u' }, 'incremental')).toMatch(/is of the table 'foreign_states.u'/);
      expect(await go({ version: 3, state_type: 'cursor_based', cursors: { id: 97 } }, 'incremental')).toBe(
        '4 streaming',
      );
    } finally {
      await connection.close();
    }
  });
});
