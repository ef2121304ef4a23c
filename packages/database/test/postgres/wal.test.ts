import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import {
  bringsEveryChangeOnce,
  CURSOR,
  type Followed,
  givesTheSameByBothWays,
  goesOnAfterAnyKill,
  ids,
} from '../log-cases.js';
import { lastState, readLog } from '../log-reading.js';
import { type Address, open, run } from '../reading.js';

for (const [version, kind] of [
  ['15', postgres],
  ['18', postgres18],
] as const) {
  describeWith(kind, `PostgreSQL ${version}: the log`, (server) => {
    /** A schema of its own with a slot and a publication, and a connection that follows the log in it. */
    const follow = async (name: string, ...statements: string[]) => {
      await run(server(), `CREATE SCHEMA ${name}`, ...statements);
      await run(
        server(),
        `CREATE PUBLICATION ${name} FOR ALL TABLES`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
      return () => connect(server(), name);
    };
    const connect = (address: Address, name: string, reading = {}) =>
      open(address, {
        connection: { replication_slot: name, publication: name },
        reading: { method: 'log', schemas: [name], page_rows: 3, ...reading },
      });

    /** A new table `t` in a schema of its own. */
    const followTable = async (schema: string, columns: string): Promise<Followed> => {
      const connect = await follow(schema, `CREATE TABLE ${schema}.t (id int PRIMARY KEY, ${columns})`);
      return { name: `${schema}.t`, stream: 't', connect, run: (...sql) => run(server(), ...sql) };
    };

    it('loads, then brings inserts, updates, deletes and changes of the key, each once', async () => {
      const changes = await bringsEveryChangeOnce(await followTable('pets', 'name text'));
      const cursors = changes.map((record) => String(record[CURSOR]));
      expect(cursors).toEqual([...cursors].sort());
      expect(new Set(cursors).size).toBe(5);
    });

    it('goes on after any kill, and the table is the server’s', async () => {
      await goesOnAfterAnyKill(await followTable('killed', 'n int'));
    });

    it('keeps large values that an update did not touch', async () => {
      const make = await follow(
        'toasted',
        'CREATE TABLE toasted.t (id int PRIMARY KEY, n int, body text)',
        'ALTER TABLE toasted.t ALTER COLUMN body SET STORAGE EXTERNAL',
        "INSERT INTO toasted.t VALUES (1, 0, repeat('x', 100000)), (2, 0, repeat('y', 100000))",
      );
      const { connection } = await make();
      const load = await readLog(connection);
      await run(
        server(),
        'UPDATE toasted.t SET n = 1',
        'UPDATE toasted.t SET n = 2 WHERE id = 2',
        'DELETE FROM toasted.t WHERE id = 2',
      );
      const changes = await readLog(connection, { after: load });
      const bodies = changes.sent.flatMap((each) =>
        each.kind === 'record'
          ? [[each.record.id, each.record.n, (each.record.body as string | null)?.length ?? null]]
          : [],
      );
      expect(bodies).toEqual([
        [1, 1, 100000],
        [2, 1, null],
        [2, 2, null],
        [2, null, null],
      ]);
      await connection.close();
    });

    it('never reads half a transaction, and nothing twice of one that was open across two readings', async () => {
      const make = await follow('open', 'CREATE TABLE open.t (id int PRIMARY KEY)', 'INSERT INTO open.t VALUES (1)');
      const { connection } = await make();
      const load = await readLog(connection);
      const { Client } = await import('pg');
      const client = new Client({ connectionString: server().url });
      await client.connect();
      await client.query('BEGIN');
      await client.query('INSERT INTO open.t VALUES (2)');
      await run(server(), 'INSERT INTO open.t VALUES (3)');
      const during = await readLog(connection, { after: load });
      expect(ids(during, 't')).toEqual([3]);
      await client.query('INSERT INTO open.t VALUES (4)');
      await client.query('COMMIT');
      await client.end();
      const after = await readLog(connection, { after: during });
      expect(ids(after, 't')).toEqual([2, 4]);
      await connection.close();
    });

    it('leaves out the columns that the catalog leaves out', async () => {
      const make = await follow(
        'chosen',
        'CREATE TABLE chosen.t (id int PRIMARY KEY, a text, b text)',
        "INSERT INTO chosen.t VALUES (1, 'a', 'b')",
      );
      const { connection } = await make();
      const load = await readLog(connection, { without: 'b' });
      await run(server(), "INSERT INTO chosen.t VALUES (2, 'a', 'b')");
      const changes = await readLog(connection, { after: load, without: 'b' });
      for (const each of [...load.sent, ...changes.sent])
        if (each.kind === 'record') expect([each.record.a, each.record.b]).toEqual(['a', undefined]);
      expect(ids(changes, 't')).toEqual([2]);
      await connection.close();
    });

    it('moves the slot to stored positions only', async () => {
      const make = await follow(
        'slotted',
        'CREATE TABLE slotted.t (id int PRIMARY KEY)',
        'INSERT INTO slotted.t VALUES (1)',
      );
      const { connection } = await make();
      const confirmed = async () =>
        String(
          (
            await run(
              server(),
              "SELECT confirmed_flush_lsn::text AS l FROM pg_replication_slots WHERE slot_name = 'slotted'",
            )
          )[0]!.l,
        );
      const load = await readLog(connection);
      const before = await confirmed();
      await run(server(), 'INSERT INTO slotted.t VALUES (2)');
      const changes = await readLog(connection, { after: load });
      expect(ids(changes, 't')).toEqual([2]);
      // Not stored yet: the same again, as after a destination that failed.
      expect(ids(await readLog(connection, { after: load }), 't')).toEqual([2]);
      await readLog(connection, { after: changes });
      expect(await confirmed()).not.toBe(before);
      const position = (lastState(changes)!.shared.position as { lsn: string }).lsn;
      expect(
        await run(
          server(),
          `SELECT confirmed_flush_lsn <= '${position}'::pg_lsn AS ok FROM pg_replication_slots WHERE slot_name = 'slotted'`,
        ),
      ).toEqual([{ ok: true }]);
      await connection.close();
    });

    it('gives the same record of a row by the load and by the log', async () => {
      const values: Record<string, string> = {
        bool: 'true',
        int2: '-32768',
        int8: '9223372036854775807',
        float4: '0.1',
        float8: "'NaN'",
        numeric: '1234567890123456789012345678901234567890.0123456789',
        money: "'-1,234.50'",
        bytea: "'\\xdeadbeef'",
        text: '\'tab\there \\ "q" ünï🙂\'',
        'char(4)': "'ab'",
        date: "'infinity'",
        time: "'23:59:59.999999'",
        timetz: "'12:00+02'",
        timestamp: "'0044-03-15 12:00 BC'",
        timestamptz: "'2024-02-29 23:59:59.123456+01'",
        interval: "'1 year 2 mons 3 days 04:05:06.7'",
        uuid: "'123e4567-e89b-12d3-a456-426614174000'",
        json: '\'{"a": 1}\'',
        jsonb: '\'{"b": [1, 2]}\'',
        inet: "'10.0.0.1/8'",
        'bit(4)': "'0101'",
        'int4[]': "'{1,NULL,3}'",
        'text[]': '\'{"a,b",NULL}\'',
        int4range: "'[1,5)'",
        point: "'(1,2)'",
        xml: "'<a/>'",
        tsvector: "'a b'",
      };
      const types = Object.keys(values);
      const names = types.map((_, i) => `c${i}`);
      const followed = await followTable('typed', types.map((type, i) => `c${i} ${type}`).join(', '));
      await followed.run(`INSERT INTO typed.t VALUES (1, ${Object.values(values).join(', ')})`);
      const record = await givesTheSameByBothWays(followed, names);
      expect(record).toMatchObject({ c0: true, c2: 9223372036854775807n, c3: 0.1, c4: null });
    });

    it('says what is wrong with a position that cannot be gone on from, and loads again where that is asked for', async () => {
      const make = await follow('lost', 'CREATE TABLE lost.t (id int PRIMARY KEY)', 'INSERT INTO lost.t VALUES (1)');
      const { connection } = await make();
      const load = await readLog(connection);
      await run(server(), 'INSERT INTO lost.t VALUES (2)', "SELECT pg_drop_replication_slot('lost')");
      const gone = await readLog(connection, { after: load });
      expect(gone.errors.join()).toContain("the replication slot 'lost' does not exist any more");
      await run(server(), "SELECT pg_create_logical_replication_slot('lost', 'pgoutput')");
      const ahead = await readLog(connection, { after: load });
      expect(ahead.errors.join()).toContain("the replication slot 'lost' is ahead of it");
      await connection.close();
      const again = await connect(server(), 'lost', { on_lost_position: 'reload' });
      expect(ids(await readLog(again.connection, { after: load }), 't')).toEqual([1, 2]);
      await again.connection.close();
    });

    it('check says everything that is missing at once', async () => {
      await run(
        server(),
        'CREATE SCHEMA poor',
        'CREATE TABLE poor.t (id int PRIMARY KEY)',
        'CREATE TABLE poor.keyless (id int)',
        "CREATE ROLE poor LOGIN PASSWORD 'p'",
        'GRANT USAGE ON SCHEMA poor TO poor',
        'GRANT SELECT ON ALL TABLES IN SCHEMA poor TO poor',
      );
      const { connection } = await open(
        { ...server(), user: 'poor', password: 'p' },
        { connection: { replication_slot: 'nowhere' }, reading: { method: 'log', schemas: ['poor'] } },
      );
      const { succeeded, message = '' } = await connection.check();
      expect(succeeded).toBe(false);
      for (const said of [
        "SELECT pg_create_logical_replication_slot('nowhere', 'pgoutput');",
        'CREATE PUBLICATION "tidemark" FOR TABLE "poor"."t";',
        'ALTER ROLE "poor" WITH REPLICATION;',
        'poor.keyless: It has no primary key',
      ])
        expect(message).toContain(said);
      const read = await readLog(connection, { streams: ['t'] });
      expect(read.errors.join()).toContain("There is no replication slot 'nowhere'. Make it with:");
      await connection.close();
    });
  });
}
