import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import {
  bringsEveryChangeOnce,
  CURSOR,
  type Followed,
  givesTheSameByBothWays,
  goesOnAfterAnyKill,
  ids,
} from '../log-cases.js';
import { copy, type LogTranscript, lastState, readLog } from '../log-reading.js';
import { open, run } from './server.js';

const LOG = { reading: { method: 'log' as const, page_rows: 3 } };

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: the binlog`, (server) => {
    beforeAll(async () => {
      await run(
        server(),
        "CREATE USER IF NOT EXISTS 'replica'@'%' IDENTIFIED BY 'replica-password'",
        "GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'replica'@'%'",
      );
    });
    afterAll(async () => {
      await run(server(), "DROP USER 'replica'@'%'");
    });
    const connect = (streams: string[], reading = {}) =>
      open(
        flavour,
        server(),
        { reading: { ...LOG.reading, ...reading }, streams: streams.map((name) => ({ name })) },
        { username: 'replica', password: 'replica-password' },
      );

    /** A new table that the log is read for. */
    const follow = async (name: string, columns: string): Promise<Followed> => {
      await run(server(), `CREATE TABLE ${name} (id INT PRIMARY KEY, ${columns})`);
      return { name, stream: name, connect: () => connect([name]), run: (...sql) => run(server(), ...sql) };
    };

    it('loads a table anew whose changes were passed over while it was left out', async () => {
      const both = ['kept', 'left_out'];
      await run(
        server(),
        ...both.flatMap((name) => [`CREATE TABLE ${name} (id INT PRIMARY KEY)`, `INSERT INTO ${name} VALUES (1),(2)`]),
      );
      const { connection } = await connect(both);
      const first = await readLog(connection, { streams: both });
      await run(
        server(),
        'INSERT INTO kept VALUES (3)',
        'INSERT INTO left_out VALUES (3)',
        'DELETE FROM left_out WHERE id = 1',
      );
      const second = await readLog(connection, { streams: ['kept'], after: first });
      expect(ids(second, 'kept')).toEqual([3]);
      // A runner keeps the state of a stream that is not chosen.
      const { shared, streams } = lastState(second)!;
      const old = lastState(first)!.streams.find(({ stream }) => stream.name === 'left_out')!;
      const kept: LogTranscript = {
        ...second,
        sent: [{ kind: 'state', state: { shared, streams: [...streams, old] } }],
      };
      const third = await readLog(connection, { streams: both, after: kept });
      expect(third.errors).toEqual([]);
      expect(ids(third, 'kept')).toEqual([]);
      expect(copy([...first.sent, ...third.sent], 'left_out', CURSOR)).toEqual([2, 3]);
      expect(ids(await readLog(connection, { streams: both, after: third }), 'left_out')).toEqual([]);
      await connection.close();
    });

    it('loads, then brings inserts, updates, deletes and changes of the key, each once', async () => {
      const changes = await bringsEveryChangeOnce(await follow('pets', 'name VARCHAR(20)'));
      const deleted = changes.find(({ id }) => id === 3)!;
      expect(deleted).toMatchObject({
        id: 3,
        name: 'c',
        _ab_cdc_log_file: expect.stringMatching(/\d$/),
        _ab_cdc_log_pos: expect.any(Number),
      });
      expect(deleted._ab_cdc_deleted_at).toBe(deleted._ab_cdc_updated_at);
    });

    it('goes on after any kill, and the table is the server’s', async () => {
      await goesOnAfterAnyKill(await follow('killed_log', 'n INT'));
    });

    it('reads several tables by one log, and one that is added later is loaded', async () => {
      await run(
        server(),
        'CREATE TABLE one (id INT PRIMARY KEY)',
        'CREATE TABLE two (id INT PRIMARY KEY)',
        'INSERT INTO one VALUES (1),(2)',
        'INSERT INTO two VALUES (10)',
      );
      const { connection } = await connect(['one', 'two']);
      const first = await readLog(connection, { streams: ['one'] });
      await run(server(), 'INSERT INTO one VALUES (3)', 'INSERT INTO two VALUES (11)');
      const both = await readLog(connection, { after: first, streams: ['one', 'two'] });
      expect(both.outcomes).toEqual({ one: 'complete', two: 'complete' });
      expect(ids(both, 'one')).toEqual([3]);
      expect(ids(both, 'two').sort()).toEqual([10, 11]);
      await run(server(), 'BEGIN', 'INSERT INTO two VALUES (12)');
      await run(server(), 'DELETE FROM one WHERE id = 1');
      const more = await readLog(connection, { after: both, streams: ['one', 'two'] });
      expect([ids(more, 'one'), ids(more, 'two')]).toEqual([[1], []]);
      await connection.close();
    });

    it('gives the same record of a row by the load and by the log', async () => {
      const columns: [name: string, type: string, value: string][] = [
        ['b1', 'BIT(1)', "b'1'"],
        ['b9', 'BIT(9)', "b'100000001'"],
        ['tiny', 'TINYINT(1)', '1'],
        ['wrong', 'TINYINT(1)', '5'],
        ['big', 'BIGINT', '-9223372036854775808'],
        ['ubig', 'BIGINT UNSIGNED', '18446744073709551615'],
        ['part', 'DECIMAL(40,10)', '-12345678901234567890.0123456789'],
        ['whole', 'DECIMAL(65,0)', '99999999999999999999'],
        ['flt', 'FLOAT', '0.1'],
        ['dbl', 'DOUBLE', '0.30000000000000004'],
        ['d', 'DATE', "'2024-02-29'"],
        ['zero', 'DATE', "'0000-00-00'"],
        ['dt', 'DATETIME(6)', "'2024-02-29 23:59:59.123456'"],
        ['dt0', 'DATETIME', "'2024-02-29 23:59:59'"],
        ['ts', 'TIMESTAMP(3) NULL', "'2024-03-31 01:30:00.123'"],
        ['t', 'TIME(6)', "'23:59:59.999999'"],
        ['tneg', 'TIME', "'-01:00:00'"],
        ['y', 'YEAR', '2155'],
        ['c', 'CHAR(4)', "'ab'"],
        ['v', 'VARCHAR(40)', "'ünï🙂'"],
        ['l', 'VARCHAR(10) CHARACTER SET latin1', "'äö'"],
        ['txt', 'LONGTEXT', "'text'"],
        ['e', "ENUM('x','b')", "'b'"],
        ['s', "SET('x','y','z')", "'x,z'"],
        ['bin', 'BINARY(3)', "x'ff0001'"],
        ['vb', 'VARBINARY(8)', "x'00ff'"],
        ['bl', 'BLOB', "x'deadbeef'"],
        ['j', 'JSON', `'{"a": [1, 2.5, "x"], "bc": null}'`],
        ['p', 'POINT', 'POINT(1, 2)'],
        ['nothing', 'INT', 'NULL'],
      ];
      const names = columns.map(([name]) => name);
      const followed = await follow('typed_log', columns.map(([name, type]) => `${name} ${type}`).join(', '));
      await followed.run(`INSERT INTO typed_log VALUES (1, ${columns.map(([, , value]) => value).join(', ')})`);
      const values = await givesTheSameByBothWays(followed, names);
      expect(values).toMatchObject({ flt: 0.1, s: 'x,z', bl: '3q2+7w==', wrong: null, zero: null });
    });

    it('says what is wrong with a position that cannot be gone on from, and loads again where that is asked for', async () => {
      await run(server(), 'CREATE TABLE purged (id INT PRIMARY KEY)', 'INSERT INTO purged VALUES (1)');
      const { connection } = await connect(['purged']);
      const load = await readLog(connection, { streams: ['purged'] });
      await run(server(), 'INSERT INTO purged VALUES (2)', 'FLUSH BINARY LOGS', 'FLUSH BINARY LOGS');
      // A file that the thread of an ended reading still has open is purged a moment later.
      for (let tries = 0, files = 2; files > 1 && tries < 100; tries++) {
        const all = await run(server(), 'SHOW BINARY LOGS');
        await run(server(), `PURGE BINARY LOGS TO '${all.at(-1)!.Log_name}'`);
        files = (await run(server(), 'SHOW BINARY LOGS')).length;
        if (files > 1) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const refused = await readLog(connection, { after: load, streams: ['purged'] });
      expect(refused.errors.join()).toMatch(/The log cannot be gone on from: the server has purged/);
      expect(refused.sent).toEqual([]);
      await connection.close();
      const again = await connect(['purged'], { on_lost_position: 'reload' });
      const reloaded = await readLog(again.connection, { after: load, streams: ['purged'] });
      expect(ids(reloaded, 'purged')).toEqual([1, 2]);
      const foreign = {
        sent: [{ kind: 'state' as const, state: { shared: { v: 1, dialect: 'postgres', position: 1 }, streams: [] } }],
        outcomes: {},
        errors: [],
      };
      expect((await readLog(again.connection, { after: foreign, streams: ['purged'] })).errors.join()).toContain(
        "it is of 'postgres'",
      );
      await again.connection.close();
    });

    it('check says everything that is missing at once', async () => {
      await run(
        server(),
        'CREATE TABLE keyless_log (id INT)',
        "CREATE USER 'poor'@'%' IDENTIFIED BY 'p'",
        `GRANT SELECT ON ${server().database}.* TO 'poor'@'%'`,
      );
      await run(server(), "SET GLOBAL binlog_format = 'STATEMENT'", "SET GLOBAL binlog_row_image = 'MINIMAL'");
      try {
        const { connection } = await open(flavour, server(), LOG, { username: 'poor', password: 'p' });
        const { succeeded, message = '' } = await connection.check();
        expect(succeeded).toBe(false);
        for (const said of [
          "SET GLOBAL binlog_format = 'ROW';",
          "SET GLOBAL binlog_row_image = 'FULL';",
          "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'poor'@'%';",
          'keyless_log: It has no primary key',
        ])
          expect(message).toContain(said);
        await connection.close();
      } finally {
        await run(server(), "SET GLOBAL binlog_format = 'ROW'", "SET GLOBAL binlog_row_image = 'FULL'");
      }
    });
  });
}
