import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabaseSource } from '@tidemark/database';
import { openDestination, type SyncSettings, sync } from '@tidemark/sync';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith, postgres } from '../../scripts/servers/vitest.mjs';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-log-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith(postgres, 'a log into DuckDB', (server) => {
  async function run(...statements: string[]): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: server().url });
    await client.connect();
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) rows = (await client.query(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }

  async function rowsOf(file: string, table: string): Promise<unknown[]> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(`SELECT id, name FROM ${table} ORDER BY id`);
    const rows = reader.getRowObjectsJson().map(({ id, name }) => ({ id: Number(id), name }));
    connection.closeSync();
    instance.closeSync();
    return rows;
  }

  it('keeps several tables equal to the server’s, deletions included, from sync to sync', async () => {
    await run(
      'CREATE SCHEMA shop',
      'CREATE TABLE shop.customers (id int PRIMARY KEY, name text)',
      'CREATE TABLE shop.orders (id int PRIMARY KEY, name text)',
      "INSERT INTO shop.customers SELECT i, 'customer ' || i FROM generate_series(1, 500) i",
      "INSERT INTO shop.orders SELECT i, 'order ' || i FROM generate_series(1, 300) i",
      'CREATE PUBLICATION tidemark FOR ALL TABLES',
      "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')",
    );
    const { host, port, user: username, password, database } = server();
    // DuckDB calls the file's database like the schema: every name has to say which it means.
    const file = join(folder, 'shop.duckdb');
    const settings = async (): Promise<SyncSettings> => ({
      source: await createDatabaseSource({
        dialect: 'postgres',
        reading: { method: 'log', schemas: ['shop'], page_rows: 100, on_lost_position: 'reload' },
      }),
      config: { host, port, username, password, database },
      destination: await openDestination(`duckdb:${file}`),
      connection: 'shop',
    });
    const first = await sync(await settings());
    expect(first.errors).toEqual([]);
    expect([first.outcome, first.rows]).toEqual(['complete', 800]);
    const statements = [
      "INSERT INTO shop.customers VALUES (501, 'new')",
      "UPDATE shop.orders SET name = 'changed' WHERE id % 7 = 0",
      'DELETE FROM shop.customers WHERE id % 5 = 0',
      'UPDATE shop.orders SET id = 1000 WHERE id = 3',
    ];
    for (const statement of statements) {
      await run(statement);
      const next = await sync(await settings());
      expect([next.outcome, next.errors]).toEqual(['complete', []]);
      for (const table of ['customers', 'orders'])
        expect(await rowsOf(file, `shop.shop.${table}`)).toEqual(
          await run(`SELECT id, name FROM shop.${table} ORDER BY id`),
        );
    }
    // The log is lost with what was deleted: the tables are loaded again, and nothing of before stays in them.
    await run(
      'DELETE FROM shop.customers WHERE id % 3 = 0',
      'DELETE FROM shop.orders',
      "SELECT pg_drop_replication_slot('tidemark')",
      "SELECT pg_create_logical_replication_slot('tidemark', 'pgoutput')",
    );
    const again = await sync(await settings());
    expect([again.outcome, again.errors]).toEqual(['complete', []]);
    for (const table of ['customers', 'orders'])
      expect(await rowsOf(file, `shop.shop.${table}`)).toEqual(
        await run(`SELECT id, name FROM shop.${table} ORDER BY id`),
      );
    const idle = await sync(await settings());
    expect([idle.outcome, idle.rows]).toEqual(['complete', 0]);
  });
});
