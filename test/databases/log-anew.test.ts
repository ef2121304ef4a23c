import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { build } from 'tsup';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run as runMysql } from '../../packages/database/test/mysql/server.js';
import { run as runPostgres } from '../../packages/database/test/reading.js';
import type { Server } from '../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql, postgres } from '../../scripts/servers/vitest.mjs';
import { query } from '../cli/query.js';
import { root } from '../root.js';
import { type LogSyncOrder, logSync } from './killed-sync.js';

const ROWS = 8;
/** The calls of a writer between two kills: every sync is killed at another one. */
const STEP = 13;

let folder: string;
let program: string;
beforeAll(async () => {
  // Inside the package, so that the program finds the drivers that are not bundled.
  const cache = `${root}packages/sync/node_modules/.cache/`;
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(`${cache}anew-`);
  program = `${folder}/killed-sync.mjs`;
  const packages = ['protocol', 'source', 'database', 'sync'];
  await build({
    entry: { 'killed-sync': `${root}test/databases/killed-sync.ts` },
    outDir: folder,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    target: 'node20',
    platform: 'node',
    clean: false,
    config: false,
    silent: true,
    dts: false,
    // A piece of its own has nothing but a default export of a library that is no ES module.
    splitting: false,
    noExternal: [/^(?!@duckdb\/|@aws-sdk\/|node:|mysql2|pg(?:-copy-streams)?$|cpu-features|.*\.node$)/],
    external: [/^@duckdb\//, /^@aws-sdk\//, /^mysql2/, /^pg(-copy-streams)?$/, 'cpu-features', /\.node$/],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    esbuildOptions(options) {
      options.alias = Object.fromEntries(
        packages.map((name) => [`@tidemark/${name}`, `${root}packages/${name}/src/index.ts`]),
      );
    },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A server that is followed. */
interface Origin {
  run(...statements: string[]): Promise<Record<string, unknown>[]>;
  prepare(name: string): Promise<void>;
  order(name: string): Pick<LogSyncOrder, 'source' | 'config'>;
}

/** What is read of a destination. */
interface Place {
  url: string;
  rows(table: string): Promise<Record<string, unknown>[]>;
}

const settingsOf = ({ host, port, user: username, password, database }: Server) => ({
  host,
  port,
  username,
  password,
  database,
});

function fromPostgres(server: () => Server): Origin {
  return {
    run: (...statements) => runPostgres(server(), ...statements),
    prepare: async (name) => {
      await runPostgres(
        server(),
        `CREATE SCHEMA ${name}`,
        `CREATE PUBLICATION ${name} FOR ALL TABLES`,
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
      );
    },
    order: (name) => ({
      source: {
        dialect: 'postgres',
        connection: { replication_slot: name, publication: name },
        reading: { method: 'log', schemas: [name], page_rows: 3 },
      },
      config: settingsOf(server()),
    }),
  };
}

function fromMysql(dialect: 'mysql' | 'mariadb', server: () => Server): Origin {
  return {
    run: (...statements) => runMysql(server(), ...statements),
    prepare: async (name) => {
      await runMysql(server(), `CREATE DATABASE ${name}`);
    },
    order: (name) => ({
      source: { dialect, reading: { method: 'log', page_rows: 3 } },
      config: { ...settingsOf(server()), database: name },
    }),
  };
}

/** What empties the table `t`, and is not told row by row. */
const TRUNCATE = { what: 'TRUNCATE', statements: (t: string) => [`TRUNCATE TABLE ${t}`] };
const ANOTHER = {
  what: 'DROP and CREATE',
  statements: (t: string) => [`DROP TABLE ${t}`, `CREATE TABLE ${t} (id INT PRIMARY KEY, n INT)`],
};

function empties(
  origin: Origin,
  ways: readonly (typeof TRUNCATE)[],
  name: string,
  place: (name: string) => Promise<Place>,
) {
  for (const [i, { what, statements }] of ways.entries()) {
    it(`${what}: the destination's table is the server's, also after a kill anywhere`, async () => {
      const schema = `${name}_${i}`;
      const t = `${schema}.t`;
      const other = `${schema}.other`;
      await origin.prepare(schema);
      for (const each of [t, other])
        await origin.run(
          `CREATE TABLE ${each} (id INT PRIMARY KEY, n INT)`,
          `INSERT INTO ${each} VALUES ${Array.from({ length: ROWS }, (_, row) => `(${row}, 0)`).join(',')}`,
        );
      const { url, rows } = await place(schema);
      const order = { ...origin.order(schema), destination: url };
      const isSame = async () => {
        for (const each of [t, other])
          expect(await rows(each), each).toEqual(await origin.run(`SELECT id, n FROM ${each} ORDER BY id`));
      };
      const whole = async () => {
        const { outcome, errors } = await logSync(order);
        expect([outcome, errors]).toEqual(['complete', []]);
        await isSame();
      };
      const happen = (round: number) =>
        origin.run(
          `INSERT INTO ${t} VALUES (${1000 + round}, 1)`,
          `UPDATE ${other} SET n = n + 1`,
          ...statements(t),
          `INSERT INTO ${t} VALUES ${Array.from({ length: ROWS }, (_, row) => `(${row + round}, ${round})`).join(',')}`,
          `DELETE FROM ${t} WHERE id = ${round + 2}`,
          `UPDATE ${t} SET id = 500 WHERE id = ${round + 4}`,
        );
      await whole();
      await happen(1);
      await whole();
      await origin.run(...statements(t));
      await whole();
      let kills = 0;
      for (let killAt = 1; ; killAt += STEP) {
        await happen(killAt + 1);
        const child = spawnSync(process.execPath, [program, JSON.stringify({ ...order, killAt })], {
          encoding: 'utf8',
        });
        if (child.signal !== 'SIGKILL') {
          expect([child.status, child.stdout, child.stderr]).toEqual([0, 'complete \n', expect.any(String)]);
          break;
        }
        kills++;
        // The next one goes on with the job that was killed; the one after it must have missed nothing.
        await origin.run(`UPDATE ${other} SET n = n + 100`);
        expect((await logSync(order)).outcome).toBe('complete');
        await whole();
      }
      expect(kills).toBeGreaterThan(1);
      await isSame();
    });
  }
}

const toDuckDb = async (name: string): Promise<Place> => {
  const file = `${folder}/${name}_file.duckdb`;
  return {
    url: `duckdb:${file}`,
    rows: async (table) => {
      const found = await query(file, `SELECT id, n FROM ${table} ORDER BY id`);
      return found.map(({ id, n }) => ({ id: Number(id), n: Number(n) }));
    },
  };
};

describeWith(postgres, 'a table that is emptied in the log', (server) => {
  const toPostgres = async (name: string): Promise<Place> => {
    await runPostgres(server(), `CREATE DATABASE to_${name}`);
    const url = new URL(server().url);
    url.pathname = `/to_${name}`;
    const rows = async (table: string) => {
      const found = await runPostgres(
        { ...address(server()), url: url.href },
        `SELECT id, n FROM ${table} ORDER BY id`,
      );
      return found.map(({ id, n }) => ({ id: Number(id), n: Number(n) }));
    };
    return { url: url.href, rows };
  };
  const origin = fromPostgres(server);
  empties(origin, [TRUNCATE, ANOTHER], 'from_duck', toDuckDb);
  empties(origin, [TRUNCATE], 'from_pg', toPostgres);
  for (const [dialect, kind] of [
    ['mysql', mysql],
    ['mariadb', mariadb],
  ] as const) {
    describeWith(kind, `of ${dialect}`, (from) => {
      empties(fromMysql(dialect, from), [TRUNCATE, ANOTHER], `${dialect}_duck`, toDuckDb);
      if (dialect === 'mysql') empties(fromMysql(dialect, from), [ANOTHER], `${dialect}_pg`, toPostgres);
    });
  }
});

function address({ host, port, user, password, database, url }: Server) {
  return { host, port, user, password, database, url };
}
