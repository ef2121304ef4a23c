// pnpm demo: syncs a local API into DuckDB, kills the sync half-way, syncs again, and counts.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FULL_SIZES } from '../../examples/demo-api/records.mjs';
import { startDemoApi } from '../../examples/demo-api/server.mjs';
import { countRows } from './count-rows.mjs';
import { printTable } from './print-table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sizes = FULL_SIZES;
/** Stream, its key, how many records it has, and how its requests begin. */
const STREAMS = [
  { name: 'customers', key: 'id', total: sizes.customers, path: /^\/v1\/customers/ },
  { name: 'products', key: 'sku', total: sizes.products, path: /^\/v1\/products/ },
  { name: 'berths', key: 'berth_id', total: sizes.berths, path: /^\/v1\/berths/ },
  { name: 'orders', key: 'id', total: sizes.orders, path: /^\/v1\/orders/ },
  { name: 'regions', key: 'id', total: sizes.regions, path: /^\/v1\/regions$/ },
  {
    name: 'deliveries',
    key: 'delivery_id',
    total: sizes.regions * sizes.deliveries_per_region,
    path: /^\/v1\/regions\/\d+/,
  },
];
const TOTAL = STREAMS.reduce((sum, stream) => sum + stream.total, 0);

function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Runs the sync; `onStart` gets the process. Gives how it ended. */
function sync(folder, onStart = () => {}) {
  const cli = join(root, 'packages/cli/bin/tidemark.js');
  const child = spawn(process.execPath, [cli, 'sync', join(folder, 'connection.yaml')], { stdio: 'inherit' });
  onStart(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** All is read within seconds: at the usual pace the kill would come before the first checkpoint of most streams. */
function connectionTo(api) {
  return {
    name: 'harbour',
    source: join(root, 'examples/resume/full-refresh/manifest.yaml'),
    config: { base_url: api.url, token: 'demo-token' },
    destination: 'duckdb:harbour.duckdb',
    checkpoint: { seconds: 0.25 },
  };
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-demo-'));
  let served = 0;
  let onHalf = () => {};
  const api = await startDemoApi({
    onAnswer: (answer) => {
      served += answer.records;
      if (served >= TOTAL / 2) onHalf();
    },
  });
  try {
    writeFileSync(join(folder, 'connection.yaml'), JSON.stringify(connectionTo(api)));
    say(
      `A local API serves ${TOTAL.toLocaleString('en')} records in ${STREAMS.length} streams; some requests fail with 429 or 500.`,
    );
    say('\n1. tidemark sync, killed (SIGKILL) once half of the records were served:');
    const first = await sync(folder, (child) => {
      onHalf = () => child.kill('SIGKILL');
    });
    if (first.signal !== 'SIGKILL') throw new Error(`the first sync ended by itself (exit ${first.code})`);
    onHalf = () => {};
    const before = api.log.splice(0);
    say('\n2. The same command again:');
    const second = await sync(folder);
    if (second.code !== 0) throw new Error(`the second sync ended with exit ${second.code}`);
    return await report(folder, before, api.log);
  } finally {
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function report(folder, before, after) {
  const rows = await countRows(join(folder, 'harbour.duckdb'), STREAMS);
  const answered = (log, stream) =>
    log.filter((entry) => entry.status === 200 && stream.path.test(entry.path)).map((entry) => entry.path);
  const sums = { rows: 0, again: 0, spared: 0, lost: 0, doubled: 0 };
  const table = STREAMS.map((stream) => {
    const early = new Set(answered(before, stream));
    const late = answered(after, stream);
    const again = late.filter((path) => early.has(path)).length;
    const { count, distinct } = rows.get(stream.name);
    const line = {
      rows: count,
      again,
      spared: early.size - again,
      lost: stream.total - distinct,
      doubled: count - distinct,
    };
    for (const key of Object.keys(sums)) sums[key] += line[key];
    return [stream.name, line.rows, early.size, late.length, line.spared, line.again, line.lost, line.doubled];
  });
  say('');
  printTable(
    ['stream', 'rows', 'requests before', 'requests after', 'not repeated', 'repeated', 'lost', 'doubled'],
    table,
  );
  say(
    `\n${sums.rows.toLocaleString('en')} rows; ${sums.spared} requests not repeated, ${sums.again} repeated; ${sums.lost} lost, ${sums.doubled} doubled.`,
  );
  return sums.lost === 0 && sums.doubled === 0 && sums.rows === TOTAL && sums.spared > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`The demo failed: ${error.message}\n`);
  process.exitCode = 1;
}
