import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run as runOn } from '../../packages/database/test/reading.js';
import { describeWith, postgres } from '../../scripts/servers/vitest.mjs';
import { query } from '../cli/query.js';
import { runCli } from '../cli/run-cli.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-lost-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith(postgres, 'a sync whose slot is lost', (server) => {
  it('names the command that loads the tables again, which does', async () => {
    const run = (...statements: string[]) => runOn(server(), ...statements);
    await run(
      'CREATE SCHEMA lost',
      'CREATE TABLE lost.t (id int PRIMARY KEY)',
      'INSERT INTO lost.t SELECT generate_series(1, 5)',
      'CREATE PUBLICATION lost FOR TABLE lost.t',
      "SELECT pg_create_logical_replication_slot('lost', 'pgoutput')",
      // A password that is a word would be masked wherever the word stands.
      "CREATE ROLE lost_reader SUPERUSER LOGIN PASSWORD 'of-its-own-7'",
    );
    const { host, port, database } = server();
    writeFileSync(
      join(folder, 'source.yaml'),
      `type: DatabaseSource\ndialect: postgres\nconnection: { host: ${host}, port: ${port}, username: lost_reader, password: of-its-own-7, database: ${database}, replication_slot: lost, publication: lost }\nstreams: [{ name: t, namespace: lost, method: log }]\n`,
    );
    writeFileSync(
      join(folder, 'connection.yaml'),
      'source: source.yaml\ndestination: duckdb:rows.duckdb\nretry: false\nstreams: [{ name: t, namespace: lost, sync_mode: incremental, destination_sync_mode: append_dedup }]\n',
    );
    const cli = (...args: string[]) => runCli(args, { cwd: folder });
    const first = await cli('sync', 'connection.yaml');
    expect(`${first.code} ${first.stderr}`).toMatch(/^0 /);
    await run(
      "SELECT pg_drop_replication_slot('lost')",
      'DELETE FROM lost.t WHERE id = 5',
      'INSERT INTO lost.t VALUES (6)',
      "SELECT pg_create_logical_replication_slot('lost', 'pgoutput')",
    );
    const refused = await cli('sync', 'connection.yaml');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('by `tidemark refresh CONNECTION --truncate`');
    const refreshed = await cli('refresh', 'connection.yaml', '--truncate');
    expect(`${refreshed.code} ${refreshed.stderr}`).toMatch(/^0 /);
    const again = await cli('sync', 'connection.yaml');
    expect(`${again.code} ${again.stderr}`).toMatch(/^0 /);
    const rows = await query(join(folder, 'rows.duckdb'), 'SELECT id FROM lost.t ORDER BY id');
    expect(rows.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4, 6]);
    await run("SELECT pg_drop_replication_slot('lost')", 'DROP ROLE lost_reader');
  });
});
