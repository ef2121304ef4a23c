import { createHash } from 'node:crypto';
import { openDestination, sync } from '@tidemark/sync';
import { FakeSource } from './fake-source.ts';

/** One attempt of a source whose rows do not compress: `node full-disk-child.mjs FILE`; prints how it ended as JSON. */
const hash = (id: number, turn: number) => createHash('sha512').update(`${id} ${turn}`).digest('base64');
const records = Array.from({ length: 40_000 }, (_, index) => ({
  id: index + 1,
  name: [0, 1, 2, 3].map((turn) => hash(index, turn)).join(''),
}));
const result = await sync({
  source: new FakeSource([{ name: 'noise', rows: records, pageSize: 500 }]),
  config: {},
  connection: 'disk',
  destination: await openDestination(`duckdb:${process.argv[2]}`),
  checkpoint: { rows: 2_000 },
  retry: false,
});
const { outcome, errors, streams } = result;
process.stdout.write(
  JSON.stringify({ outcome, errors: errors.map(({ kind, message, detail }) => ({ kind, message, detail })), streams }),
);
