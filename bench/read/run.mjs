// How much CPU `tidemark read` takes beside a bare script that does the same by hand, how much memory, and what a start costs.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../scripts/demo/print-table.mjs';
import { cli, folder, measure, median, out, recordsWritten, round, startServer } from '../measure.mjs';

const ROUNDS = 3;
const here = fileURLToPath(new URL('.', import.meta.url));

export async function run() {
  const server = await startServer(join(here, 'server.mjs'));
  try {
    compare(server.url, 200_000);
    memory(server.url);
    startup();
  } finally {
    server.stop();
  }
}

function readBy(kind, url, total) {
  if (kind === 'bare script') return measure([join(here, 'bare.mjs'), url, String(total), out]);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ base_url: url, total }));
  return measure([cli, 'read', join(here, 'manifest.yaml'), '--config', config]);
}

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
  const ratio = round(rows[1][3] / rows[0][3], 2);
  process.stdout.write(`\ntidemark read does ${ratio} of the bare script's records per CPU second.\n\n`);
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
  const [spec, node] = [round(median(cpu), 3), round(median(bare), 3)];
  process.stdout.write(`\ntidemark spec: ${spec} s of CPU (node by itself ${node} s)\n\n`);
}
