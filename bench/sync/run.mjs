// End to end from an HTTP API into DuckDB, beside dlt on the same API: CPU seconds a record.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../scripts/demo/print-table.mjs';
import { cli, folder, measureProgram, round, startServer } from '../measure.mjs';
import { peer } from '../peers.mjs';

const OURS = 500_000;
const THEIRS = 50_000;
const here = fileURLToPath(new URL('.', import.meta.url));

export async function run() {
  const server = await startServer(join(here, '../read/server.mjs'));
  try {
    const rows = [];
    const ours = perRecord('tidemark sync', OURS, tidemark(server.url, OURS), rows);
    const program = peer('dlt');
    let theirs;
    if (program) theirs = perRecord('dlt rest_api', THEIRS, dlt(program, server.url, THEIRS), rows);
    printTable(['API → DuckDB', 'records', 'wall s', 'CPU s', 'CPU µs/record', 'peak MB'], rows);
    if (theirs === undefined) process.stdout.write('\ndlt is not installed: node bench/peers.mjs\n\n');
    else process.stdout.write(`\ndlt takes ${round(theirs / ours, 1)} times the CPU of tidemark sync a record.\n\n`);
  } finally {
    server.stop();
  }
}

function perRecord(name, records, { wall, cpu, megabytes }, rows) {
  rows.push([name, records, round(wall, 1), round(cpu, 1), round((cpu / records) * 1e6, 1), round(megabytes, 0)]);
  return cpu / records;
}

function tidemark(url, total) {
  const config = join(folder, 'sync.json');
  writeFileSync(config, JSON.stringify({ base_url: url, total }));
  const file = join(folder, 'ours.duckdb');
  rmSync(file, { force: true });
  const manifest = join(here, '../read/manifest.yaml');
  return measureProgram([process.execPath, cli, 'sync', manifest, '--config', config, '--to', `duckdb:${file}`], {
    env: { CI: 'true' },
  });
}

function dlt(program, url, total) {
  return measureProgram([program, join(here, 'dlt_api.py'), url, String(total), join(folder, 'theirs.duckdb')], {
    env: { RUNTIME__DLTHUB_TELEMETRY: 'false', DLT_DATA_DIR: folder, PIPELINES_DIR: folder },
  });
}
