// How long 50 partitions of 5 pages at 100 ms an answer take with ConcurrencyLevel 25, beside a bare script with 25 requests
// in flight. Both are whole programs: their start counts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../../scripts/demo/print-table.mjs';
import { cli, folder, measure, median, out, recordsWritten, round, startServer } from '../measure.mjs';

const ROUNDS = 3;
const RECORDS = 50 * 5 * 100;
const here = fileURLToPath(new URL('.', import.meta.url));

export async function run() {
  const server = await startServer(join(here, 'server.mjs'));
  const config = join(folder, 'partitions.json');
  const partitions = Array.from({ length: 50 }, (_, i) => String(i));
  writeFileSync(config, JSON.stringify({ base_url: server.url, partitions }));
  const kinds = {
    'bare script': [join(here, 'bare.mjs'), server.url, out],
    'tidemark read': [cli, 'read', join(here, 'manifest.yaml'), '--config', config],
  };
  try {
    const rows = [];
    for (const [kind, args] of Object.entries(kinds)) {
      const runs = [];
      for (let i = 0; i < ROUNDS; i++) {
        runs.push(measure(args));
        if (recordsWritten() !== RECORDS) throw new Error(`${kind} wrote ${recordsWritten()} of ${RECORDS} records`);
      }
      const peak = await (await fetch(`${server.url}/peak`)).text();
      rows.push([
        kind,
        round(median(runs.map((each) => each.wall)), 2),
        round(median(runs.map((each) => each.cpu)), 2),
        peak,
      ]);
    }
    printTable(['250 requests of 100 ms', 'wall s', 'CPU s', 'most in flight'], rows);
    const ratio = round(rows[1][1] / rows[0][1], 2);
    process.stdout.write(`\ntidemark read takes ${ratio} times the bare script's wall time.\n\n`);
  } finally {
    server.stop();
  }
}
