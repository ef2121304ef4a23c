import type { JsonObject } from '@tidemark/protocol';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { type LogTranscript, readLog } from '../log-reading.js';
import { copy, follow, makeReplica, values } from './replica.js';
import { run } from './server.js';

/** The same with the last state as older versions wrote it. */
function withoutColumns(load: LogTranscript): LogTranscript {
  const sent = load.sent.map((each) => {
    if (each.kind !== 'state') return each;
    const tables = Object.fromEntries(Object.keys(each.state.shared.tables as JsonObject).map((id) => [id, null]));
    return { ...each, state: { ...each.state, shared: { ...each.state.shared, tables } } };
  });
  return { ...load, sent };
}

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: tables that change while the log is read`, (server) => {
    beforeAll(() => makeReplica(server()));
    const metadata = (value: string) => run(server(), `SET GLOBAL binlog_row_metadata = '${value}'`);
    afterEach(() => metadata('FULL'));

    /** Loads a table, lets something happen, and reads the log: by a connection of its own each, as syncs do. */
    async function across(name: string, statements: string[], reading = {}, state = (load: LogTranscript) => load) {
      const first = await follow(flavour, server(), [name]);
      const load = await readLog(first.connection, { streams: [name] });
      await first.connection.close();
      expect(load.errors).toEqual([]);
      await run(server(), ...statements);
      const second = await follow(flavour, server(), [name], reading);
      const changes = await readLog(second.connection, { after: state(load), streams: [name] });
      await second.connection.close();
      return { load, changes, logs: second.logs };
    }

    for (const value of ['MINIMAL', 'FULL']) {
      it(`reads older rows by the columns that they had, with ${value} metadata`, async () => {
        await metadata(value);
        for (const [name, alter, wanted] of [
          ['swapped', 'DROP COLUMN a, ADD COLUMN c VARCHAR(9)', { b: 'b2', c: null }],
          ['dropped_one', 'DROP COLUMN a', { b: 'b2' }],
          ['added_first', 'ADD COLUMN c INT FIRST', { a: 'a2', b: 'b2', c: null }],
        ] as const) {
          await run(
            server(),
            `DROP TABLE IF EXISTS ${name}`,
            `CREATE TABLE ${name} (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9))`,
            `INSERT INTO ${name} VALUES (1,'a1','b1')`,
          );
          const statements = [
            `INSERT INTO ${name} VALUES (2,'a2','b2')`,
            `ALTER TABLE ${name} ${alter}`,
            `DELETE FROM ${name} WHERE id = 1`,
          ];
          const { changes } = await across(name, statements, {}, withoutColumns);
          expect(changes.errors).toEqual([]);
          expect(changes.outcomes).toEqual({ [name]: 'complete' });
          expect(changes.sent.filter((each) => each.kind === 'restart')).toEqual([]);
          expect(values(changes, name)).toEqual([2, 1]);
          expect(changes.sent.find((each) => each.kind === 'record' && each.record.id === 2)).toMatchObject({
            record: { id: 2, ...wanted },
          });
        }
      });
    }

    it('loads a table anew whose column may be another one under its name', async () => {
      for (const [name, ...alter] of [
        ['swapped_two', 'DROP COLUMN a, ADD COLUMN c VARCHAR(9)'],
        ['renamed_two', 'CHANGE a c VARCHAR(9)'],
        ['remade_two', 'DROP COLUMN a', 'ADD COLUMN a VARCHAR(9)'],
      ] as [string, ...string[]][]) {
        // A state of an older version has no columns: then the log tells of all but the first.
        for (const state of name === 'swapped_two' ? [undefined] : [undefined, withoutColumns]) {
          await run(
            server(),
            `DROP TABLE IF EXISTS ${name}`,
            `CREATE TABLE ${name} (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9))`,
            `INSERT INTO ${name} VALUES (1,'a1','b1'), (9,'a9','b9')`,
          );
          const statements = alter.map((each) => `ALTER TABLE ${name} ${each}`);
          const { load, changes } = await across(name, statements, {}, state);
          expect(changes.errors).toEqual([]);
          expect(changes.sent.filter((each) => each.kind === 'restart')).toHaveLength(1);
          expect(copy([load, changes], name)).toEqual(await run(server(), `SELECT * FROM ${name} ORDER BY id`));
        }
      }
    });

    it('loads anew, or fails, where nobody knows which columns the rows had', async () => {
      await metadata('MINIMAL');
      for (const [name, ...statements] of [
        ['twice', 'ALTER TABLE twice DROP COLUMN a, ADD COLUMN c VARCHAR(9)', 'ALTER TABLE twice ADD COLUMN d INT'],
        [
          'there_and_back',
          'ALTER TABLE there_and_back ADD COLUMN x INT FIRST',
          'ALTER TABLE there_and_back DROP COLUMN x',
        ],
      ] as [string, string, string][]) {
        await run(
          server(),
          `CREATE TABLE ${name} (id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9))`,
          `INSERT INTO ${name} VALUES (1,'a1','b1'), (9,'a9','b9')`,
        );
        const [before, after] = statements as [string, string];
        const inserted = name === 'twice' ? `(2,'b2','c2')` : `(0,2,'a2','b2')`;
        const happens = [before, `INSERT INTO ${name} VALUES ${inserted}`, after, `DELETE FROM ${name} WHERE id < 2`];
        const { load, changes, logs } = await across(name, happens, { on_lost_position: 'reload' }, withoutColumns);
        expect(changes.errors).toEqual([]);
        expect(logs.join('\n')).toContain(`the binlog does not have every change of`);
        expect(copy([load, changes], name)).toEqual(await run(server(), `SELECT * FROM ${name} ORDER BY id`));
        const asked = await follow(flavour, server(), [name]);
        const refused = await readLog(asked.connection, { after: withoutColumns(load), streams: [name] });
        expect(refused.outcomes).toEqual({ [name]: 'failed' });
        expect(refused.errors.join()).toMatch(/The log cannot be gone on from: .*binlog_row_metadata/);
        expect(values(refused, name)).toEqual([]);
        await asked.connection.close();
      }
    });

    it('reads on behind an index that was added, with MINIMAL metadata', async () => {
      await metadata('MINIMAL');
      await run(server(), 'CREATE TABLE indexed (id INT PRIMARY KEY, a INT)', 'INSERT INTO indexed VALUES (1,1)');
      const { load, changes } = await across('indexed', [
        'INSERT INTO indexed VALUES (2,2)',
        'ALTER TABLE indexed ADD INDEX by_a (a)',
        'UPDATE indexed SET a = 3 WHERE id = 1',
      ]);
      expect(changes.errors).toEqual([]);
      expect(values(changes, 'indexed')).toEqual([2, 1]);
      expect(copy([load, changes], 'indexed')).toEqual(await run(server(), 'SELECT * FROM indexed ORDER BY id'));
    });

    it('gives values of each type the same with and without names in the log', async () => {
      await metadata('MINIMAL');
      const columns =
        "e ENUM('X','b'), s SET('p','Q'), l VARCHAR(9) CHARACTER SET latin1, u BIGINT UNSIGNED, t TEXT, v VARBINARY(4), d DECIMAL(9,2), dt DATETIME(3), j JSON, f FLOAT";
      await run(
        server(),
        `CREATE TABLE unnamed (id INT PRIMARY KEY, ${columns})`,
        `INSERT INTO unnamed VALUES (1,'X','p,Q','äö',18446744073709551615,'t',x'00ff','1.50','2024-01-01 00:00:00.123','[1]',0.1)`,
      );
      const { load, changes } = await across('unnamed', [
        'INSERT INTO unnamed SELECT 2, e, s, l, u, t, v, d, dt, j, f FROM unnamed',
      ]);
      expect(changes.errors).toEqual([]);
      const [one, two] = copy([load, changes], 'unnamed');
      expect(two).toEqual({ ...one, id: 2 });
    });

    for (const [what, ...statements] of [
      ['TRUNCATE', 'TRUNCATE TABLE emptied'],
      ['a TRUNCATE from another database', 'USE mysql', '/* by */ truncate `{db}` . `emptied`'],
      ['DROP and CREATE', 'DROP TABLE IF EXISTS nothing, emptied', 'CREATE TABLE emptied (id INT PRIMARY KEY, n INT)'],
      ['RENAME', 'CREATE TABLE fresh LIKE emptied', 'RENAME TABLE emptied TO gone, fresh TO emptied'],
      [
        'ALTER TABLE … RENAME',
        'CREATE TABLE fresh LIKE emptied',
        'DROP TABLE emptied',
        'ALTER TABLE fresh RENAME emptied',
      ],
    ] as [string, ...string[]][]) {
      it(`makes the copy right after ${what}`, async () => {
        const { database } = server();
        await run(
          server(),
          'DROP TABLE IF EXISTS emptied, gone, fresh',
          'CREATE TABLE emptied (id INT PRIMARY KEY, n INT)',
          'INSERT INTO emptied VALUES (1,1),(2,2),(3,3),(4,4),(5,5)',
        );
        const { load, changes, logs } = await across('emptied', [
          'INSERT INTO emptied VALUES (6,6)',
          ...statements.map((statement) => statement.replace('{db}', database)),
          `INSERT INTO \`${database}\`.emptied VALUES (2,20),(7,70),(8,80),(9,90)`,
        ]);
        expect(changes.errors).toEqual([]);
        expect(changes.outcomes).toEqual({ emptied: 'complete' });
        expect(logs.join('\n')).toMatch(/emptied is loaded anew: .* of it is in the log/);
        const truth = await run(server(), 'SELECT id, n FROM emptied ORDER BY id');
        expect(copy([load, changes], 'emptied')).toEqual(truth);
        // Killed at any place, it is made right by the next sync.
        const { connection } = await follow(flavour, server(), ['emptied']);
        for (let killAfter = 0; killAfter < changes.sent.length; killAfter += 2) {
          const killed = await readLog(connection, { after: load, killAfter, streams: ['emptied'] });
          const last = killed.sent.findLastIndex((each) => each.kind === 'state');
          const kept = { ...killed, sent: killed.sent.slice(0, last + 1) };
          const rest = await readLog(connection, { after: last < 0 ? load : kept, streams: ['emptied'] });
          expect(copy([load, kept, rest], 'emptied')).toEqual(truth);
        }
        await connection.close();
      });
    }
  });
}
