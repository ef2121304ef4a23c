import { setTimeout as sleep } from 'node:timers/promises';
import { type Destination, type StreamSelection, type SyncResult, sync } from '@tidemark/sync';
import { random } from '../../../scripts/torture/random.mjs';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';

/** How many rows a stream has in a job: incremental ones grow. */
const ROWS = 300;
const grown = (job: number): number => ROWS + (job - 1) * 90;

/** All ways of writing, each over another way of reading. */
const selections: StreamSelection[] = [
  { name: 'pages' },
  { name: 'partitions' },
  { name: 'pieces', destination_sync_mode: 'append' },
  { name: 'whole', destination_sync_mode: 'append' },
  { name: 'slices', destination_sync_mode: 'append' },
  { name: 'merged' },
];

/** What a destination must hold of each stream after so many complete jobs: the ids from 1 to `ids`, each so many times. */
export function rowsAfter(jobs: number): { stream: string; ids: number; times: number }[] {
  return [
    { stream: 'pages', ids: ROWS, times: 1 },
    { stream: 'partitions', ids: ROWS, times: 1 },
    { stream: 'pieces', ids: ROWS, times: jobs },
    { stream: 'whole', ids: ROWS, times: jobs },
    { stream: 'slices', ids: grown(jobs), times: 1 },
    { stream: 'merged', ids: grown(jobs), times: 1 },
  ];
}

/** An attempt that is there to be killed, or to meet something else that is. */
export interface KillOrder {
  job: number;
  seed: number;
  /** Attempts that fail are followed by others, as anywhere; without it one attempt is all. */
  retries?: boolean;
}

/** Syncs what a job brings, with a checkpoint as often as can be. */
export function killSync(destination: Destination, { job, seed, retries = false }: KillOrder): Promise<SyncResult> {
  return sync({
    source: killSource(job, seed),
    config: {},
    connection: 'kill',
    destination,
    streams: selections,
    checkpoint: { rows: 60, seconds: 0.05 },
    retry: retries ? undefined : false,
  });
}

/** The source of the kill test: slow enough to be hit anywhere, and refusing some positions that it is resumed with. */
function killSource(job: number, seed: number): FakeSource {
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
