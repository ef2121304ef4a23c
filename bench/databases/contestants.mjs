// The programs that are compared, each as a function that runs it once and gives what it used. Each checks that all rows came.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cli, folder, measureProgram, out, recordsWritten } from '../measure.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const postgresql = (url) => url.replace('postgres://', 'postgresql://');

/** `tidemark read postgres` of one table: JSON lines into a file. */
export function tidemarkRead(server, table, rows) {
  const config = join(folder, 'postgres.json');
  const { host, port, database, user: username, password } = server;
  writeFileSync(config, JSON.stringify({ host, port, database, username, password }));
  const catalog = join(folder, `${table}.json`);
  const stream = {
    name: table,
    namespace: 'public',
    json_schema: { type: 'object' },
    supported_sync_modes: ['full_refresh'],
  };
  writeFileSync(
    catalog,
    JSON.stringify({ streams: [{ stream, sync_mode: 'full_refresh', destination_sync_mode: 'append' }] }),
  );
  const used = measureProgram([process.execPath, cli, 'read', 'postgres', '--config', config, '--catalog', catalog]);
  expectRows('tidemark read', recordsWritten(), rows);
  return used;
}

/** `tidemark sync` of one table into a new file of DuckDB. */
export function tidemarkSync(server, table, rows) {
  const file = join(folder, 'ours.duckdb');
  rmSync(file, { force: true });
  const command = [
    process.execPath,
    cli,
    'sync',
    server.url,
    '--streams',
    table,
    '--to',
    `duckdb:${file}`,
    '--log',
    'json',
  ];
  const used = measureProgram(command, { env: { CI: 'true' } });
  const end = used.errors.trimEnd().split('\n').at(-1);
  expectRows('tidemark sync', JSON.parse(end).rows, rows);
  rmSync(file, { force: true });
  return used;
}

/** psql's own COPY, into a file. */
export function psqlCopy(server, table) {
  return measureProgram(['psql', server.url, '-c', `COPY ${table} TO STDOUT`]);
}

/** sling, to CSV in a file. */
export function sling(program, server, table, rows) {
  const file = `${out}.csv`;
  const command = [
    program,
    'run',
    '--src-conn',
    'PG',
    '--src-stream',
    `public.${table}`,
    '--tgt-object',
    `file://${file}`,
  ];
  const env = {
    PG: `${server.url}?sslmode=disable`,
    SLING_DISABLE_TELEMETRY: 'true',
    SLING_HOME_DIR: join(folder, 'sling'),
  };
  return csv('sling', () => measureProgram(command, { env }), file, rows);
}

/** ingestr, to CSV in a file. */
export function ingestr(program, server, table, rows) {
  const file = `${out}.csv`;
  const source = ['--source-uri', postgresql(server.url), '--source-table', `public.${table}`];
  const command = [program, 'ingest', ...source, '--dest-uri', `csv://${file}`, '--dest-table', `d.${table}`, '--yes'];
  return csv('ingestr', () => measureProgram(command, { env: { INGESTR_DISABLE_TELEMETRY: 'true' } }), file, rows);
}

/** dlt's sql_table, by `backend`, to files of CSV (not compressed) or Parquet, or into DuckDB; it counts its rows itself. */
export function dlt(program, server, table, rows, { backend, kind }) {
  const place = join(folder, kind === 'duckdb' ? 'theirs.duckdb' : 'dlt-files');
  const command = [
    program,
    join(here, 'dlt_table.py'),
    postgresql(server.url),
    table,
    String(rows),
    backend,
    kind,
    place,
  ];
  const data = join(folder, 'dlt');
  try {
    return measureProgram(command, {
      env: { RUNTIME__DLTHUB_TELEMETRY: 'false', DATA_WRITER__DISABLE_COMPRESSION: 'true', DLT_DATA_DIR: data },
    });
  } finally {
    for (const path of [place, data]) rmSync(path, { recursive: true, force: true });
  }
}

function csv(name, measure, file, rows) {
  rmSync(file, { force: true });
  try {
    const used = measure();
    const lines = Number(spawnSync('grep', ['-c', '', file], { encoding: 'utf8' }).stdout);
    expectRows(name, lines - 1, rows);
    return used;
  } finally {
    rmSync(file, { force: true });
  }
}

function expectRows(name, written, rows) {
  if (written !== rows) throw new Error(`${name} wrote ${written} of ${rows} rows`);
}
