import { openDestination, sync } from '@tidemark/sync';
import { killSource, selections } from './kill-source.ts';

/** One attempt in a process of its own: `node kill-child.mjs FILE JOB SEED`. It is there to be killed. */
const [file = '', job = '1', seed = '1'] = process.argv.slice(2);
const source = killSource(Number(job), Number(seed));
process.stdout.write('ready\n');
const result = await sync({
  source,
  config: {},
  connection: 'kill',
  destination: await openDestination(`duckdb:${file}`),
  streams: selections,
  checkpoint: { rows: 60, seconds: 0.05 },
});
process.stdout.write(`${result.outcome} ${result.errors.map((error) => error.message).join('; ')}\n`);
process.exitCode = result.outcome === 'complete' ? 0 : 1;
