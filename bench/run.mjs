// pnpm bench: how much CPU `tidemark read` takes beside a bare script that does the same by hand, and how much memory.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../scripts/demo/print-table.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const cli = join(here, '../packages/cli/bin/tidemark.js');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
const out = join(folder, 'out.jsonl');
const ROUNDS = 3;

async function startServer() {
  const child = spawn(process.execPath, [join(here, 'server.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text).trim())));
  return { child, url: `http://127.0.0.1:${port}` };
}

/** Runs a Node program to its end and gives what it used; its standard output goes to a file, as in a real pipeline. */
function measure(args) {
  const usage = join(folder, 'usage.json');
  const env = { ...process.env, USAGE_FILE: usage, NODE_OPTIONS: `--import=${new URL('usage.mjs', import.meta.url)}` };
  const command = `exec "$@" > '${out}'`;
  const result = spawnSync('sh', ['-c', command, 'sh', process.execPath, ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`${args.join(' ')} ended with exit ${result.status}`);
  return JSON.parse(readFileSync(usage, 'utf8'));
}

function readBy(kind, url, total) {
  if (kind === 'bare script') return measure([join(here, 'bare.mjs'), url, String(total), out]);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ base_url: url, total }));
  return measure([cli, 'read', join(here, 'manifest.yaml'), '--config', config]);
}

/** Counts without holding the file in memory. */
function recordsWritten() {
  return Number(spawnSync('grep', ['-c', '"RECORD"', out], { encoding: 'utf8' }).stdout);
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const round = (value, digits) => Number(value.toFixed(digits));

function compare(url, total) {
  const runs = { 'bare script': [], 'tidemark read': [] };
  for (let i = 0; i < ROUNDS; i++) {
    for (const kind of Object.keys(runs)) {
      runs[kind].push(readBy(kind, url, total));
      if (recordsWritten() !== total) throw new Error(`${kind} wrote ${recordsWritten()} of ${total} records`);
    }
  }
  const rows = Object.entries(runs).map(([kind, list]) => {
    const cpu = median(list.map((run) => run.cpu));
    return [
      kind,
      round(cpu, 2),
      round((cpu / total) * 1e6, 2),
      Math.round(total / cpu),
      round(Math.max(...list.map((run) => run.megabytes)), 0),
    ];
  });
  printTable(['200,000 records', 'CPU s', 'CPU µs/record', 'records/CPU s', 'peak MB'], rows);
  process.stdout.write(
    `\ntidemark read does ${round(rows[1][3] / rows[0][3], 2)} of the bare script's records per CPU second.\n\n`,
  );
}

function memory(url) {
  const rows = [100_000, 1_000_000].map((total) => {
    const { cpu, megabytes } = readBy('tidemark read', url, total);
    return [total, round(cpu, 2), round(megabytes, 0), round(statSync(out).size / 1e6, 0)];
  });
  printTable(['records', 'CPU s', 'peak MB', 'output MB'], rows);
}

function startup() {
  const cpu = Array.from({ length: 5 }, () => measure([cli, 'spec', join(here, 'manifest.yaml')]).cpu);
  const bare = Array.from({ length: 5 }, () => measure(['-e', '0']).cpu);
  process.stdout.write(
    `\ntidemark spec: ${round(median(cpu), 3)} s of CPU (node by itself ${round(median(bare), 3)} s)\n`,
  );
}

const server = await startServer();
try {
  compare(server.url, 200_000);
  memory(server.url);
  startup();
} finally {
  server.child.kill();
  rmSync(folder, { recursive: true, force: true });
}
