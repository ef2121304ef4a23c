import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killed } from './kills.mjs';

const cli = fileURLToPath(new URL('../../packages/cli/bin/tidemark.js', import.meta.url));
const { DuckDBInstance } = createRequire(new URL('../../packages/sync/package.json', import.meta.url))(
  '@duckdb/node-api',
);

/** What an attempt says that the next one has to follow: a table was altered while it was read. */
const ALTERED = 'The catalog is not what it was when this attempt began';
/** More often than this in a row it does not happen by itself. */
const ALTERED_MAX = 5;

/** The copy of a server's tables in a DuckDB file: how a sync into it is begun, and what it holds beside the server. */
export class DatabaseCopy {
  constructor({ folder, server, streams, cursors }) {
    Object.assign(this, { server, file: join(folder, 'copy.duckdb') });
    const manifest = join(folder, 'manifest.json');
    const tables = streams.map(({ name, cursor_field }) => ({
      name,
      ...(cursor_field ? { cursor: cursor_field[0] } : {}),
    }));
    const chunking = { page_rows: 100, chunk_bytes: 65_536 };
    writeFileSync(
      manifest,
      JSON.stringify({ type: 'DatabaseSource', dialect: server.dialect, streams: tables, chunking, cursors }),
    );
    this.connection = join(folder, 'connection.yaml');
    const order = {
      name: 'torture',
      source: manifest,
      config: server.config,
      destination: `duckdb:${this.file}`,
      streams,
    };
    writeFileSync(
      this.connection,
      JSON.stringify({ ...order, checkpoint: { rows: 200, seconds: 0.05 }, retry: false }),
    );
    this.tables = streams.map(({ name }) => name);
  }

  /** One attempt, killed after `ms`; another where it was ended by a table that was altered under it, as a sync has it. */
  async sync({ ms, fromStart }) {
    const env = { ...process.env, CI: 'true' };
    const args = [cli, 'sync', this.connection];
    for (let tries = 1; ; tries++) {
      const end = await killed({ command: process.execPath, args, ms, env, fromStart, ok: (code) => code === 0 });
      if (end.killed || end.ok || tries === ALTERED_MAX || !end.said.includes(ALTERED)) return end;
    }
  }

  /** How many jobs its books call complete. */
  async jobs() {
    if (!existsSync(this.file)) return 0;
    const [{ n }] = await this.query(
      "SELECT count(*) AS n FROM duckdb_tables() WHERE schema_name = '_tidemark' AND table_name = 'jobs'",
    );
    if (Number(n) === 0) return 0;
    const [{ c }] = await this.query("SELECT count(*) AS c FROM _tidemark.jobs WHERE outcome = 'complete'");
    return Number(c);
  }

  /** What is missing and what is too much, when each row of the server must be here so many times, and nothing else. */
  async compare(times) {
    const sum = { lost: 0, doubled: 0 };
    for (const table of this.tables) {
      const balance = new Map();
      const add = (row, by) => balance.set(row, (balance.get(row) ?? 0) + by);
      for (const row of await this.server.tables.rows(table)) add(row, times);
      for (const { number, n } of await this.query(`SELECT number, n FROM ${this.server.schema}.${table}`))
        add(`${Number(number)}: ${Number(n)}`, -1);
      const wrong = [...balance].filter(([, by]) => by !== 0);
      if (wrong.length > 0)
        console.log(
          `${table}: ${wrong
            .slice(0, 5)
            .map(([row, by]) => `row ${row} ${-by}`)
            .join(', ')}`,
        );
      for (const [, by] of wrong) {
        sum.lost += Math.max(0, by);
        sum.doubled += Math.max(0, -by);
      }
    }
    return sum;
  }

  /** Throws all of it away, state and books included. */
  discard() {
    for (const end of ['', '.wal']) rmSync(this.file + end, { force: true });
  }

  async query(sql) {
    const instance = await DuckDBInstance.create(this.file);
    const connection = await instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }
}
