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
  folder = mkdtempSync(join(tmpdir(), 'tidemark-postgres-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

describeWith(postgres, 'PostgreSQL from the command line', (server) => {
  const run = (...statements: string[]) => runOn(server(), ...statements);
  const config = (): string => {
    const { host, port, user: username, password, database } = server();
    return file('config.json', JSON.stringify({ host, port, username, password, database }));
  };

  it('discovers and reads without a manifest, by name and by URL', async () => {
    await run(
      'CREATE SCHEMA plain',
      'CREATE TABLE plain.users (id bigint PRIMARY KEY, name text, score float8)',
      `INSERT INTO plain.users VALUES (1, 'a"b', 1.5), (9007199254740993, E'tab\\t', 'NaN')`,
    );
    const discovered = await runCli(['discover', 'postgres', '--config', config()], { cwd: folder });
    expect(discovered.code).toBe(0);
    const catalog = discovered.messages().find((message) => message.type === 'CATALOG');
    expect(catalog).toMatchObject({
      catalog: {
        streams: [{ name: 'users', namespace: 'plain', source_defined_primary_key: [['id']], is_resumable: true }],
      },
    });
    const read = await runCli(['read', server().url], { cwd: folder });
    expect(read.code).toBe(0);
    const lines = read.stdout.split('\n').filter((line) => line.includes('"RECORD"'));
    expect(lines[0]).toContain('"data":{"id":1,"name":"a\\"b","score":1.5}');
    expect(lines[1]).toContain(
      '"data":{"id":9007199254740993,"name":"tab\\t","score":null},"meta":{"changes":[{"field":"score","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}',
    );
    expect(read.stdout).toContain('"phase":"done","rows":2');
    await run('DROP SCHEMA plain CASCADE');
  });

  it('says about how much a table has before its first row, and shows it beside what is read', async () => {
    await run(
      'CREATE SCHEMA about',
      'CREATE TABLE about.orders AS SELECT i AS id FROM generate_series(1, 30000) i',
      'ANALYZE about.orders',
      'CREATE TABLE about.unknown (id int)',
    );
    const manifest = file(
      'about.yaml',
      'type: DatabaseSource\ndialect: postgres\nstreams: [{ name: orders, namespace: about }, { name: unknown, namespace: about }]\n',
    );
    const read = (await runCli(['read', manifest, '--config', config()], { cwd: folder })).messages();
    const estimates = read.flatMap((message) =>
      message.type === 'TRACE' && message.trace.type === 'ESTIMATE' ? [message.trace.estimate] : [],
    );
    expect(estimates).toEqual([
      { name: 'orders', namespace: 'about', type: 'STREAM', row_estimate: 30_000, byte_estimate: expect.any(Number) },
    ]);
    const place = (what: (message: (typeof read)[number]) => boolean) => read.findIndex(what);
    expect(place((message) => message.type === 'TRACE' && message.trace.type === 'ESTIMATE')).toBeLessThan(
      place((message) => message.type === 'RECORD'),
    );
    const args = ['sync', manifest, '--config', config(), '--to', 'duckdb:about.duckdb'];
    const json = await runCli([...args, '--log', 'json'], { cwd: folder });
    const streams = json.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'progress')
      .map(({ stream }) => stream);
    expect(streams.find(({ name }) => name === 'orders')).toMatchObject({ estimated_rows: 30_000 });
    for (const { estimated_rows, share, records } of streams)
      expect(share).toBe(estimated_rows === null ? null : records / 30_000);
    const plain = await runCli(args, { cwd: folder });
    expect(plain.stderr).toMatch(/orders +reading +[\d,]+ of about 30,000 rows \(\d+ %\), /);
    expect(plain.stderr).toMatch(/orders +done +30,000 records, /);
    await run('DROP SCHEMA about CASCADE');
  });

  it('a manifest: everything that is wrong with it at once; secrets from the environment', async () => {
    const wrong = file(
      'wrong.yaml',
      'type: DatabaseSource\ndialect: postgres\nstreams:\n  - { nam: x }\nchunking: { page_rows: many, speed: 9 }\n',
    );
    const refused = await runCli(['discover', wrong, '--config', config()], { cwd: folder });
    expect(refused.code).toBe(1);
    for (const part of [
      `'streams[0].name' is missing`,
      `unknown field 'nam'`,
      `'chunking.page_rows' must be`,
      `unknown field 'speed'`,
    ])
      expect(refused.stderr).toContain(part);
    const { host, port, user, password, database } = server();
    const good = file(
      'good.yaml',
      `type: DatabaseSource\ndialect: postgres\nconnection:\n  host: ${host}\n  port: ${port}\n  database: ${database}\n  username: ${user}\n  password: \${PG_SECRET}\n`,
    );
    const unset = await runCli(['check', good], { cwd: folder });
    expect(unset.stdout + unset.stderr).toContain('variables of the environment that are not set: PG_SECRET');
    await run('CREATE TABLE IF NOT EXISTS public.seen (id int)');
    const checked = await runCli(['check', good], { cwd: folder, env: { PG_SECRET: password } });
    expect(checked.stdout).toContain('"SUCCEEDED"');
    const denied = await runCli(['check', good], { cwd: folder, env: { PG_SECRET: 'not-the-password' } });
    expect(denied.stdout).toContain('refuses this user or password');
    expect(denied.stdout + denied.stderr).not.toContain('not-the-password');
  });

  it('killed again and again on its way into DuckDB, rewritten meanwhile: every row once', async () => {
    await run(
      'CREATE SCHEMA killed',
      'CREATE TABLE killed.keyed (id int PRIMARY KEY, pad text)',
      `INSERT INTO killed.keyed SELECT i, repeat('x', 100) FROM generate_series(1, 40000) i`,
      'CREATE TABLE killed.bare AS SELECT i AS id, i::numeric / 7 AS part FROM generate_series(1, 40000) i',
    );
    const manifest = file(
      'killed.yaml',
      'type: DatabaseSource\ndialect: postgres\nstreams:\n  - { name: keyed, namespace: killed }\n  - { name: bare, namespace: killed }\nchunking: { chunk_bytes: 200000, page_rows: 500, concurrency: 3 }\n',
    );
    const order = {
      source: manifest,
      config: config(),
      destination: 'duckdb:rows.duckdb',
      checkpoint: { seconds: 0.1 },
    };
    const args = ['sync', file('killed.connection.yaml', JSON.stringify(order))];
    let kills = 0;
    for (const wait of [900, 1300, 1700, 1500]) {
      const ended = await runCli(args, {
        cwd: folder,
        onStart: (child) => setTimeout(() => child.kill('SIGKILL'), wait).unref(),
      });
      if (ended.signal !== 'SIGKILL') break;
      kills++;
      if (kills === 2) await run('VACUUM FULL killed.bare');
    }
    const last = await runCli(args, { cwd: folder });
    expect(`${last.code} ${last.stderr}`).toMatch(/^0 /);
    const database = join(folder, 'rows.duckdb');
    for (const table of ['keyed', 'bare']) {
      const [counts] = await query(
        database,
        `SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS total FROM killed.${table}`,
      );
      expect([table, ...Object.values(counts!).map(String)]).toEqual([
        table,
        '40000',
        '40000',
        String((40000 * 40001) / 2),
      ]);
    }
    await run('DROP SCHEMA killed CASCADE');
  });
});
