import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamSelection } from '@tidemark/sync';
import { random } from '../../../scripts/torture/random.mjs';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';

export { random };

/** How many rows a stream has in a job: incremental ones grow. */
export const ROWS = 300;
export const grown = (job: number): number => ROWS + (job - 1) * 90;

/** All ways of writing, each over another way of reading. */
export const selections: StreamSelection[] = [
  { name: 'pages' },
  { name: 'partitions' },
  { name: 'pieces', destination_sync_mode: 'append' },
  { name: 'whole', destination_sync_mode: 'append' },
  { name: 'slices', destination_sync_mode: 'append' },
  { name: 'merged' },
];

/** The source of the kill test: slow enough to be hit anywhere, and refusing some positions that it is resumed with. */
export function killSource(job: number, seed: number): FakeSource {
  const next = random(seed);
  const onPage: FakeStream['onPage'] = async ({ unit, index, restart }) => {
    if (unit.position !== undefined && index === Number(unit.position) && index > 0 && next() < 0.2) restart('refused');
    if (next() < 0.3) await sleep(next() * 2);
  };
  const partitions = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`p${i}`, rows(ROWS / 6, 1 + (i * ROWS) / 6)]),
  );
  const growing = { rows: rows(grown(job)), slices: { step: 45, until: grown(job) } };
  return new FakeSource([
    { name: 'pages', rows: rows(ROWS), onPage },
    { name: 'partitions', partitions, onPage },
    { name: 'pieces', rows: rows(ROWS), more: true, onPage },
    { name: 'whole', rows: rows(ROWS), resumable: false, pageSize: 60, onPage },
    { name: 'slices', ...growing, onPage },
    { name: 'merged', ...growing, primaryKey: [['id']], onPage },
  ]);
}
