import { fileBooks, openDestination, sync } from '@tidemark/sync';
import { killSource, selections } from './kill-source.ts';

/** One attempt in a process of its own: `node files-child.mjs DESTINATION-AS-JSON JOB SEED [BOOKS]`. There to be killed. */
const [spec = '', job = '1', seed = '1', books = ''] = process.argv.slice(2);
const destination = await openDestination(JSON.parse(spec), books === '' ? undefined : fileBooks(books));
process.stdout.write('ready\n');
const result = await sync({
  source: killSource(Number(job), Number(seed)),
  config: {},
  connection: 'kill',
  destination,
  streams: selections,
  checkpoint: { rows: 60, seconds: 0.05 },
  retry: false,
});
process.stdout.write(`${result.outcome} ${result.errors.map((error) => error.message).join('; ')}\n`);
process.exitCode = result.outcome === 'complete' ? 0 : 1;
