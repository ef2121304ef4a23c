// End to end from an HTTP API into DuckDB, beside dlt on the same API: CPU seconds a record.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../scripts/demo/print-table.mjs';
import { atLeast, notMeasured } from '../goals.mjs';
import { cli, folder, measureProgram, round, startServer } from '../measure.mjs';
import { peer } from '../peers.mjs';

/** Enough that a start of a second or two is a small part of both. */
const RECORDS = 200_000;
/** How many times our CPU seconds dlt is to take. */
const TIMES = 3;
const here = fileURLToPath(new URL('.', import.meta.url));

export async function run() {
  const server = await startServer(join(here, '../read/server.mjs'));
  try {
    const rows = [];
    const ours = perRecord('tidemark sync', tidemark(server.url), rows);
    const program = peer('dlt');
    const theirs = program && perRecord('dlt rest_api', dlt(program, server.url), rows);
    printTable(['API → DuckDB', 'records', 'wall s', 'CPU s', 'CPU µs/record', 'peak MB'], rows);
    const what = `dlt's CPU a record beside tidemark sync's, ${RECORDS} records of an API into DuckDB`;
    if (theirs === undefined) notMeasured(what, 'dlt is not installed (node bench/peers.mjs)');
    else atLeast(TIMES, theirs / ours, what);
    process.stdout.write('\n');
  } finally {
    server.stop();
  }
}

function perRecord(name, { wall, cpu, megabytes }, rows) {
  rows.push([name, RECORDS, round(wall, 1), round(cpu, 1), round((cpu / RECORDS) * 1e6, 1), round(megabytes, 0)]);
  return cpu / RECORDS;
}

function tidemark(url) {
  const config = join(folder, 'sync.json');
  writeFileSync(config, JSON.stringify({ base_url: url, total: RECORDS }));
  const file = join(folder, 'ours.duckdb');
  rmSync(file, { force: true });
  const manifest = join(here, '../read/manifest.yaml');
  return measureProgram([process.execPath, cli, 'sync', manifest, '--config', config, '--to', `duckdb:${file}`], {
    env: { CI: 'true' },
  });
}

function dlt(program, url) {
  return measureProgram([program, join(here, 'dlt_api.py'), url, String(RECORDS), join(folder, 'theirs.duckdb')], {
    env: { RUNTIME__DLTHUB_TELEMETRY: 'false', DLT_DATA_DIR: folder, PIPELINES_DIR: folder },
  });
}
