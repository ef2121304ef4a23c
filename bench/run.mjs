// pnpm bench [PART…]: every benchmark, or those named. Ratios are between programs of one run on one machine.
// Ends with 1 when a figure is below what is asked for (bench/goals.mjs).
import { cpus, loadavg } from 'node:os';
import { verdict } from './goals.mjs';

const PARTS = ['read', 'concurrency', 'sync', 'databases'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark '${unknown[0]}'. There are: ${PARTS.join(', ')}`);
  process.exit(2);
}
for (const name of PARTS.filter((part) => wanted.length === 0 || wanted.includes(part))) {
  process.stdout.write(`== ${name} (${circumstances()})\n\n`);
  const { run } = await import(`./${name}/run.mjs`);
  await run();
}
process.stdout.write(`Done (${circumstances()}).\n`);
if (!verdict()) process.exitCode = 1;

/** What other work the machine had in the last minute, for whoever reads the figures. */
function circumstances() {
  const [load] = loadavg();
  return `${new Date().toISOString().slice(0, 16)}Z, ${cpus().length} CPUs, load ${load.toFixed(1)}`;
}
