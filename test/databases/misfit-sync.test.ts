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
  folder = mkdtempSync(join(tmpdir(), 'tidemark-misfit-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith(postgres, 'a sync of a table whose cursor column is gone', (server) => {
  it('keeps its rows, syncs the other tables, and goes on with it when the stream fits again', async () => {
    const run = (...statements: string[]) => runOn(server(), ...statements);
    const cli = (...args: string[]) => runCli(args, { cwd: folder });
    const { host, port, user, password, database } = server();
    const source = (cursor: string) =>
      writeFileSync(
        join(folder, 'source.yaml'),
        `type: DatabaseSource\ndialect: postgres\nconnection: { host: ${host}, port: ${port}, username: ${user}, password: "${password}", database: ${database} }\nstreams: [{ name: altered, namespace: misfit, cursor: ${cursor} }, { name: other, namespace: misfit, cursor: id }]\n`,
      );
    const rows = async (table: string) =>
      (await query(join(folder, 'rows.duckdb'), `SELECT id FROM misfit.${table} ORDER BY id`)).map(({ id }) =>
        Number(id),
      );
    await run(
      'CREATE SCHEMA misfit',
      'CREATE TABLE misfit.altered (id int PRIMARY KEY, at int)',
      'CREATE INDEX ON misfit.altered (at)',
      'INSERT INTO misfit.altered VALUES (1, 1), (2, 2)',
      'CREATE TABLE misfit.other (id int PRIMARY KEY)',
      'INSERT INTO misfit.other VALUES (1)',
    );
    source('at');
    writeFileSync(
      join(folder, 'connection.yaml'),
      'source: source.yaml\ndestination: duckdb:rows.duckdb\nretry: false\n',
    );
    const first = await cli('sync', 'connection.yaml');
    expect(`${first.code} ${first.stderr}`).toMatch(/^0 /);
    await run(
      'ALTER TABLE misfit.altered RENAME COLUMN at TO seen_at',
      'INSERT INTO misfit.altered VALUES (3, 3)',
      'INSERT INTO misfit.other VALUES (2)',
    );
    const second = await cli('sync', 'connection.yaml');
    expect(`${second.code} ${second.stderr}`).toMatch(
      /^3 [\s\S]*misfit\.altered has no column 'at' \(cursor of its stream\); it has: id, seen_at\./,
    );
    expect([await rows('altered'), await rows('other')]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    source('seen_at');
    const third = await cli('sync', 'connection.yaml', '--restart');
    expect(third.stderr).toContain('refresh CONNECTION --stream altered`');
    const refreshed = await cli('refresh', 'connection.yaml', '--stream', 'altered');
    expect(`${refreshed.code} ${refreshed.stderr}`).toMatch(/^0 /);
    const fourth = await cli('sync', 'connection.yaml');
    expect([fourth.code === 0 || fourth.stderr, await rows('altered')]).toEqual([true, [1, 2, 3]]);
    await run('DROP SCHEMA misfit CASCADE');
  });
});
