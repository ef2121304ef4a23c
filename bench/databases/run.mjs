// Five million rows from PostgreSQL to JSON lines, beside psql's own COPY and beside other programs; memory when values are
// large. Peers are measured on fewer rows (TIDEMARK_BENCH_ROWS changes the many).
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../scripts/demo/print-table.mjs';
import { postgresAvailable, startPostgres } from '../../scripts/servers/postgres.mjs';
import { cli, folder, measureProgram, out, recordsWritten, round } from '../measure.mjs';
import { peer } from '../peers.mjs';

const MANY = Number(process.env.TIDEMARK_BENCH_ROWS ?? 5_000_000);
const FEW = Math.min(MANY, 500_000);
const WIDE = 400;
const here = fileURLToPath(new URL('.', import.meta.url));

export async function run() {
  const { ok, why } = postgresAvailable();
  if (!ok) return process.stdout.write(`left out: ${why}\n\n`);
  const server = await startPostgres({ settings: { shared_buffers: '256MB' } });
  try {
    fill(server);
    compare(server);
    peers(server);
    wide(server);
  } finally {
    await server.stop();
  }
}

function sql(server, text) {
  execFileSync('psql', [server.url, '-q', '-c', text], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function fill(server) {
  const table = (name, rows) => {
    sql(
      server,
      `CREATE TABLE ${name} AS SELECT i::bigint AS id, 'Customer number ' || i AS name, 'customer.' || i || '@example.com' AS email,
        i % 3 <> 0 AS active, (i * 1.25)::numeric(14,2) AS balance, (i % 90)::int AS orders,
        timestamptz '2024-01-01' + i * interval '1 second' AS created_at, timestamp '2024-06-01' + i * interval '1 microsecond' AS updated_at,
        'Valparaíso' AS city, CASE WHEN i % 5 = 0 THEN NULL ELSE 'Prefers deliveries in the morning, before the tide turns.' END AS note
        FROM generate_series(1, ${rows}) AS i`,
    );
    sql(server, `ALTER TABLE ${name} ADD PRIMARY KEY (id)`);
  };
  table('many', MANY);
  table('few', FEW);
  sql(server, 'CREATE TABLE wide (id int PRIMARY KEY, body text)');
  sql(server, `INSERT INTO wide SELECT i, repeat(md5(i::text), 32768) FROM generate_series(1, ${WIDE}) AS i`);
  sql(server, 'VACUUM ANALYZE');
}

/** `tidemark read postgres` of one table. */
function tidemark(server, table) {
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
  return measureProgram([process.execPath, cli, 'read', 'postgres', '--config', config, '--catalog', catalog]);
}

function compare(server) {
  const psql = ['psql', server.url, '-c', 'COPY many TO STDOUT'];
  measureProgram(psql); // once for the caches
  const copy = measureProgram(psql);
  const read = tidemark(server, 'many');
  if (recordsWritten() !== MANY) throw new Error(`tidemark read wrote ${recordsWritten()} of ${MANY} records`);
  printTable(
    [`${MANY} rows`, 'wall s', 'CPU s', 'rows/s', 'peak MB'],
    Object.entries({ 'psql COPY TO STDOUT': copy, 'tidemark read postgres': read }).map(
      ([name, { wall, cpu, megabytes }]) => [
        name,
        round(wall, 2),
        round(cpu, 2),
        Math.round(MANY / wall),
        round(megabytes, 0),
      ],
    ),
  );
  process.stdout.write(`\ntidemark read reaches ${round(copy.wall / read.wall, 2)} of psql's COPY in wall time.\n\n`);
}

function peers(server) {
  const url = server.url;
  const contestants = {
    'tidemark read → JSON lines': () => tidemark(server, 'few'),
    'sling → csv': (program) =>
      measureProgram(
        [program, 'run', '--src-conn', 'PG', '--src-stream', 'public.few', '--tgt-object', `file://${out}.csv`],
        {
          env: { PG: `${url}?sslmode=disable`, SLING_DISABLE_TELEMETRY: 'true' },
        },
      ),
    'ingestr → csv': (program) =>
      measureProgram(
        [
          program,
          'ingest',
          '--source-uri',
          url.replace('postgres://', 'postgresql://'),
          '--source-table',
          'public.few',
          '--dest-uri',
          `csv://${out}.csv`,
          '--dest-table',
          'd.few',
          '--yes',
        ],
        { env: { INGESTR_DISABLE_TELEMETRY: 'true' } },
      ),
    'dlt (pyarrow) → duckdb': (program) =>
      measureProgram(
        [program, join(here, 'dlt_table.py'), url.replace('postgres://', 'postgresql://'), join(folder, 'dlt.duckdb')],
        {
          env: { RUNTIME__DLTHUB_TELEMETRY: 'false', DLT_DATA_DIR: folder, PIPELINES_DIR: folder },
        },
      ),
  };
  const rows = [];
  let ours;
  for (const [name, measure] of Object.entries(contestants)) {
    const wanted = name.split(' ')[0];
    const program = wanted === 'tidemark' ? 'tidemark' : peer(wanted);
    if (!program) {
      rows.push([name, 'not installed: node bench/peers.mjs', '', '', '']);
      continue;
    }
    try {
      const { wall, cpu, megabytes } = measure(program);
      ours ??= wall;
      rows.push([name, round(wall, 2), round(cpu, 2), round(megabytes, 0), round(wall / ours, 1)]);
    } catch (error) {
      rows.push([name, 'failed', '', '', '']);
      process.stderr.write(`${name}: ${error.message.slice(-400)}\n`);
    }
    rmSync(`${out}.csv`, { force: true });
  }
  printTable([`${FEW} rows`, 'wall s', 'CPU s', 'peak MB', 'times ours'], rows);
  process.stdout.write('\n');
}

function wide(server) {
  const { megabytes, wall } = tidemark(server, 'wide');
  if (recordsWritten() !== WIDE) throw new Error(`tidemark read wrote ${recordsWritten()} of ${WIDE} records`);
  process.stdout.write(`${WIDE} rows of 1 MB: ${round(wall, 1)} s, peak ${round(megabytes, 0)} MB\n\n`);
}
