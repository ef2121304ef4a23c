import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabaseSource, type DatabaseSettings } from '@tidemark/database';
import type { JsonObject } from '@tidemark/protocol';
import type { Source } from '@tidemark/source';
import { openDestination, sync } from '@tidemark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run as runMysql } from '../../packages/database/test/mysql/server.js';
import { run as runPostgres } from '../../packages/database/test/reading.js';
import type { Server } from '../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql, postgres, postgres18 } from '../../scripts/servers/vitest.mjs';
import { query } from '../cli/query.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-alter-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A server whose tables are altered. */
interface Origin {
  run(...statements: string[]): Promise<Record<string, unknown>[]>;
  prepare(schema: string): Promise<void>;
  source(schema: string): { settings: DatabaseSettings; config: JsonObject };
  /** A table of a schema as RENAME TO takes it. */
  renamed(schema: string, table: string): string;
  /** How a value is written as a text. */
  text(column: string): string;
  /** The columns of a table, in order. */
  columns(schema: string, table: string): Promise<string[]>;
}

/** What happens to a table `t (id, a, b)`, whose name is asked for, and the columns that it has then. */
interface Case {
  statements: (t: string) => string[];
  isAnew: boolean;
}

const ROWS = Array.from({ length: 8 }, (_, i) => `(${i}, ${i * 10}, 'text ${i}')`).join(',');

/** What is altered in the same way everywhere. */
const COMMON: Record<string, Case> = {
  added: {
    statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c INT`, `UPDATE ${t} SET c = 3 WHERE id = 3`],
    isAnew: false,
  },
  defaulted: { statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c INT DEFAULT 7`], isAnew: true },
  obliged: { statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c INT NOT NULL DEFAULT 0`], isAnew: true },
  dropped: { statements: (t) => [`ALTER TABLE ${t} DROP COLUMN a`], isAnew: false },
  renamed: { statements: (t) => [`ALTER TABLE ${t} RENAME COLUMN a TO c`], isAnew: true },
  again: {
    statements: (t) => [
      `ALTER TABLE ${t} DROP COLUMN a`,
      `ALTER TABLE ${t} ADD COLUMN a INT`,
      `UPDATE ${t} SET a = 5 WHERE id < 3`,
    ],
    isAnew: true,
  },
  indexed: { statements: (t) => [`CREATE INDEX ${t.split('.')[1]}_a ON ${t} (a)`], isAnew: false },
};

const POSTGRES: Record<string, Case> = {
  ...COMMON,
  computed: { statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c int DEFAULT (random() * 1000)::int`], isAnew: true },
  default_gone: {
    statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c int DEFAULT 7`, `ALTER TABLE ${t} ALTER c DROP DEFAULT`],
    isAnew: true,
  },
  typed: { statements: (t) => [`ALTER TABLE ${t} ALTER a TYPE bigint USING a * 100`], isAnew: true },
  multiplied: { statements: (t) => [`ALTER TABLE ${t} ALTER a TYPE int USING a * 2`], isAnew: true },
  shortened: { statements: (t) => [`ALTER TABLE ${t} ALTER b TYPE varchar(4) USING left(b, 4)`], isAnew: true },
  lengthened: { statements: (t) => [`ALTER TABLE ${t} ALTER b TYPE varchar(99)`], isAnew: false },
  vacuumed: { statements: (t) => [`VACUUM FULL ${t}`], isAnew: false },
  reclaimed: { statements: (t) => [`ALTER TABLE ${t} DROP COLUMN a`, `VACUUM FULL ${t}`], isAnew: false },
  constrained: {
    statements: (t) => [`ALTER TABLE ${t} ALTER a SET NOT NULL, ALTER b SET DEFAULT 'b'`, `ANALYZE ${t}`],
    isAnew: false,
  },
};

const PARTITIONED: Record<string, Case> = {
  leaf_defaulted: { statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c int DEFAULT 7`], isAnew: true },
  leaf_multiplied: { statements: (t) => [`ALTER TABLE ${t} ALTER a TYPE int USING a * 2`], isAnew: true },
  leaf_moved: {
    statements: (t) => [`DROP TABLE ${t}_0`, `VACUUM FULL ${t}_1`, `ALTER TABLE ${t} ALTER a SET NOT NULL`],
    isAnew: false,
  },
};

const MYSQL: Record<string, Case> = {
  ...COMMON,
  renamed: { statements: (t) => [`ALTER TABLE ${t} CHANGE a c INT`], isAnew: true },
  zeroed: { statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c INT NOT NULL`], isAnew: true },
  generated: { statements: (t) => [`ALTER TABLE ${t} ADD COLUMN c INT AS (a + 1) STORED`], isAnew: true },
  typed: { statements: (t) => [`ALTER TABLE ${t} MODIFY a DECIMAL(9,1)`], isAnew: true },
  widened: { statements: (t) => [`ALTER TABLE ${t} MODIFY a BIGINT`], isAnew: false },
  lengthened: { statements: (t) => [`ALTER TABLE ${t} MODIFY b VARCHAR(99)`], isAnew: false },
  rebuilt: { statements: (t) => [`OPTIMIZE TABLE ${t}`, `ALTER TABLE ${t} MODIFY a INT NOT NULL`], isAnew: false },
};

function fromPostgres(server: () => Server): Origin {
  const run = (...statements: string[]) => runPostgres(server(), ...statements);
  return {
    run,
    async prepare(schema) {
      await run(
        `CREATE SCHEMA ${schema}`,
        `CREATE PUBLICATION ${schema} FOR ALL TABLES WITH (publish_via_partition_root = true)`,
        `SELECT pg_create_logical_replication_slot('${schema}', 'pgoutput')`,
      );
    },
    source: (schema) => ({
      settings: {
        dialect: 'postgres',
        connection: { replication_slot: schema, publication: schema },
        reading: { method: 'log', schemas: [schema], page_rows: 3 },
      },
      config: configOf(server()),
    }),
    renamed: (_schema, table) => table,
    text: (column) => `${column}::text`,
    columns: (schema, table) =>
      run(
        `SELECT attname AS name FROM pg_attribute
          WHERE attrelid = '${schema}.${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      ).then((rows) => rows.map(({ name }) => String(name))),
  };
}

function fromMysql(dialect: 'mysql' | 'mariadb', server: () => Server): Origin {
  const run = (...statements: string[]) => runMysql(server(), ...statements);
  return {
    run,
    async prepare(schema) {
      await run(`CREATE DATABASE ${schema}`);
    },
    source: (schema) => ({
      settings: { dialect, reading: { method: 'log', page_rows: 3 } },
      config: { ...configOf(server()), database: schema },
    }),
    renamed: (schema, table) => `${schema}.${table}`,
    text: (column) => `CAST(${column} AS CHAR)`,
    columns: (schema, table) =>
      run(
        `SELECT column_name AS name FROM information_schema.columns
          WHERE table_schema = '${schema}' AND table_name = '${table}' ORDER BY ordinal_position`,
      ).then((rows) => rows.map(({ name }) => String(name))),
  };
}

function configOf({ host, port, user: username, password, database }: Server): JsonObject {
  return { host, port, username, password, database };
}

/** The same source; `happen` runs once, when a connection has looked at the catalog. */
function altering(source: Source, happen: () => Promise<unknown>): Source {
  let isDone = false;
  return {
    ...source,
    async connect(...args) {
      const connection = await source.connect(...args);
      if (!isDone) await happen();
      isDone = true;
      return connection;
    },
  };
}

/** A schema of a server, and the file that it is synced into. */
function following(origin: Origin, schema: string) {
  const file = join(folder, `${schema}_file.duckdb`);
  const { settings, config } = origin.source(schema);
  return {
    /** Syncs until all is there, and says how many attempts that took and which tables were loaded again. */
    async sync(happen?: () => Promise<unknown>) {
      const source = await createDatabaseSource(settings);
      const logs: string[] = [];
      const { outcome, attempts, rows } = await sync({
        source: happen ? altering(source, happen) : source,
        config,
        destination: await openDestination(`duckdb:${file}`),
        connection: schema,
        retry: { backoff_seconds: 0 },
        log: (_level, message) => void logs.push(message),
      });
      expect(outcome, logs.join('\n')).toBe('complete');
      const again = logs.flatMap(
        (line) => /^(\S+) (?:.*: it is loaded again\.$|is loaded anew: )/.exec(line)?.[1]?.split('.').at(-1) ?? [],
      );
      return { attempts, rows, again: again.sort(), logs };
    },
    /** Compares every value. */
    async isSame(tables: readonly string[]) {
      for (const table of tables) {
        const columns = await origin.columns(schema, table);
        const list = (text: (column: string) => string) =>
          columns.map((column) => `${text(column)} AS ${column}`).join(', ');
        const there = await query(
          file,
          `SELECT ${list((column) => `CAST(${column} AS VARCHAR)`)} FROM ${schema}.${table} ORDER BY ${table}.id`,
        );
        const here = await origin.run(`SELECT ${list(origin.text)} FROM ${schema}.${table} ORDER BY ${table}.id`);
        expect(there, table).toEqual(here);
      }
    },
  };
}

const names = (cases: Record<string, Case>, wanted: (each: Case) => boolean = () => true): string[] =>
  Object.keys(cases)
    .filter((name) => wanted(cases[name]!))
    .sort();

async function makeTables(origin: Origin, schema: string, plain: readonly string[], partitioned: readonly string[]) {
  const columns = '(id INT PRIMARY KEY, a INT, b VARCHAR(50))';
  await origin.prepare(schema);
  for (const table of plain) await origin.run(`CREATE TABLE ${schema}.${table} ${columns}`);
  for (const table of partitioned) {
    const t = `${schema}.${table}`;
    await origin.run(`CREATE TABLE ${t} ${columns} PARTITION BY HASH (id)`);
    for (const i of [0, 1, 2])
      await origin.run(`CREATE TABLE ${t}_${i} PARTITION OF ${t} FOR VALUES WITH (MODULUS 3, REMAINDER ${i})`);
  }
  for (const table of [...plain, ...partitioned]) await origin.run(`INSERT INTO ${schema}.${table} VALUES ${ROWS}`);
}

function alters(origin: Origin, cases: Record<string, Case>, schema: string, partitioned: Record<string, Case> = {}) {
  const all = { ...cases, ...partitioned };
  const tables = names(all);
  // Nothing tells of the rows of a partition that was dropped.
  const compared = tables.filter((table) => table !== 'leaf_moved');
  const make = (name: string) => makeTables(origin, name, names(cases), names(partitioned));
  const happen = async (name: string) => {
    for (const table of tables) for (const each of all[table]!.statements(`${name}.${table}`)) await origin.run(each);
  };
  const change = async (name: string) => {
    for (const table of tables)
      await origin.run(
        `UPDATE ${name}.${table} SET b = 'new' WHERE id = 4`,
        `DELETE FROM ${name}.${table} WHERE id = 5`,
      );
  };

  it('between two syncs: every value is the server’s, and nothing is loaded again for nothing', async () => {
    const name = `${schema}_between`;
    await make(name);
    const { sync, isSame } = following(origin, name);
    expect((await sync()).again).toEqual([]);
    await happen(name);
    expect((await sync()).again).toEqual(names(all, ({ isAnew }) => isAnew));
    await isSame(compared);
    const idle = await sync();
    expect([idle.rows, idle.again]).toEqual([0, []]);
    await change(name);
    await origin.run(`ALTER TABLE ${name}.indexed RENAME TO ${origin.renamed(name, 'indexed_now')}`);
    expect((await sync()).again).toEqual([]);
    await isSame(['indexed_now', ...compared.filter((table) => table !== 'indexed')]);
  });

  it('in a sync, behind the catalog, with changes of before in the log', async () => {
    const name = `${schema}_during`;
    await make(name);
    const { sync, isSame } = following(origin, name);
    await sync();
    const { attempts, logs } = await sync(async () => {
      await change(name);
      await happen(name);
    });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'complete']);
    expect(attempts[0]!.errors[0]!.message, logs.join('\n')).toMatch(
      /The catalog is not what it was .*[.]added has a new/,
    );
    await isSame(compared);
    expect((await sync()).rows).toBe(0);
  });

  it('in the first sync, behind the catalog and before the load', async () => {
    const name = `${schema}_first`;
    await make(name);
    const { sync, isSame } = following(origin, name);
    const { attempts } = await sync(async () => {
      await happen(name);
      await change(name);
    });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'complete']);
    await isSame(compared);
    expect((await sync()).rows).toBe(0);
  });
}

for (const [schema, kind] of [
  ['altered', postgres],
  ['altered_18', postgres18],
] as const)
  describeWith(kind, 'tables that are altered', (server) => {
    alters(fromPostgres(server), POSTGRES, schema, PARTITIONED);
  });

for (const [dialect, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const)
  describeWith(kind, 'tables that are altered', (server) => {
    alters(fromMysql(dialect, server), MYSQL, `altered_${dialect}`);
  });
