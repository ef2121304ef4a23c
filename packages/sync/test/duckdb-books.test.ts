import { duckdb } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { query, temporaryFolder } from './duckdb-file.ts';

const folder = temporaryFolder();
const open = (path: string, readOnly = false) =>
  duckdb({ path }).open({ clock: () => 0, log: () => undefined, connection: 'c', readOnly });

/** What version 1 of the books looked like, with a stream in the middle of an overwrite and one that is complete. */
const VERSION_1 = [
  'CREATE SCHEMA _tidemark',
  'CREATE TABLE _tidemark.version (version INTEGER)',
  'INSERT INTO _tidemark.version VALUES (1)',
  `CREATE TABLE _tidemark.jobs (connection VARCHAR, id BIGINT, nonce VARCHAR, fingerprint VARCHAR, attempt INTEGER,
    outcome VARCHAR, last_attempt_progressed BOOLEAN, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ)`,
  `CREATE TABLE _tidemark.attempts (connection VARCHAR, job BIGINT, attempt INTEGER, outcome VARCHAR, "rows" BIGINT,
    error VARCHAR, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ)`,
  `CREATE TABLE _tidemark.streams (connection VARCHAR, namespace VARCHAR, name VARCHAR, table_schema VARCHAR,
    table_name VARCHAR, job VARCHAR, generation BIGINT, status VARCHAR, sync_mode VARCHAR, destination_sync_mode VARCHAR,
    state VARCHAR, "rows" BIGINT, open_since BIGINT, raw_id_mark BIGINT, updated_at TIMESTAMPTZ)`,
  `CREATE TABLE _tidemark.columns (schema_name VARCHAR, table_name VARCHAR, position INTEGER, field VARCHAR,
    column_name VARCHAR, kind VARCHAR, declared BOOLEAN)`,
  `INSERT INTO _tidemark.jobs VALUES ('c', 3, 'n', 'f', 2, 'running', NULL, '2024-01-01', NULL)`,
  `INSERT INTO _tidemark.attempts VALUES ('c', 3, 1, 'failed', 5, 'gone', '2024-01-01', '2024-01-01 00:01:00')`,
  `INSERT INTO _tidemark.streams VALUES
    ('c', '', 'half', 'main', 'half', 'n', 4, 'open', 'full_refresh', 'overwrite', '{"page":2}', 5, 3, 17, '2024-01-01'),
    ('c', '', 'whole', 'main', 'whole', 'n', 1, 'complete', 'incremental', 'append', '{"at":9}', 7, 3, 18, '2024-01-02')`,
  'CREATE TABLE half__tidemark_next (id INTEGER)',
  'CREATE TABLE whole (id INTEGER)',
];

it('brings books of version 1 up to date, once', async () => {
  const file = `${folder}/old.duckdb`;
  for (const sql of VERSION_1) await query(file, sql);
  await expect(open(file, true)).rejects.toMatchObject({
    kind: 'config',
    message: expect.stringMatching(/older Tidemark .* next sync brings them up to date/),
  });
  for (let time = 0; time < 2; time++) {
    const session = await open(file);
    const stored = await session.load('c');
    expect(stored).toMatchObject({ job: { id: 3, attempt: 2 }, outcome: 'running' });
    expect(stored!.shared).toBeUndefined();
    expect(stored!.streams).toMatchObject([
      { status: 'open', generation: 4, minimumGeneration: 4, state: { page: 2 }, rows: 5 },
      { status: 'complete', generation: 1, minimumGeneration: 0, state: { at: 9 }, updatedAt: Date.UTC(2024, 0, 2) },
    ]);
    expect(await session.history('c', 3)).toMatchObject([{ job: 3, attempt: 1, error: 'gone', rows: 5 }]);
    await session.close();
  }
  expect(await query(file, 'SELECT version::INT AS v FROM _tidemark.version')).toEqual([{ v: 4 }]);
});

it('refuses books of a newer version, and says so', async () => {
  const file = `${folder}/new.duckdb`;
  await (await open(file)).close();
  await query(file, 'UPDATE _tidemark.version SET version = 99');
  const newer = { kind: 'config', message: expect.stringMatching(/newer Tidemark \(version 99/) };
  await expect(open(file)).rejects.toMatchObject(newer);
  await expect(open(file, true)).rejects.toMatchObject(newer);
});

it('makes no file where it only looks, and leaves a file of others as it is', async () => {
  const session = await open(`${folder}/none.duckdb`, true);
  expect(await session.load('c')).toBeUndefined();
  await session.close();
  const file = `${folder}/others.duckdb`;
  await query(file, 'CREATE TABLE t (a INTEGER)');
  const looking = await open(file, true);
  expect(await looking.load('c')).toBeUndefined();
  await looking.close();
  expect(await query(file, "SELECT count(*)::INT AS n FROM duckdb_tables() WHERE schema_name = '_tidemark'")).toEqual([
    { n: 0 },
  ]);
  await expect(query(`${folder}/none.duckdb`, 'SELECT 1')).resolves.toBeDefined();
});
