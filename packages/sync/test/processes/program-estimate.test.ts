import { openDestination, processSource, type StreamProgress, shareOf, sync } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../duckdb-file.ts';
import { catalog, failure, record, type Step, scripted, state, stream } from './script.ts';

const folder = temporaryFolder();
const estimate = (name: string, more: object): Step => ({
  type: 'TRACE',
  trace: { type: 'ESTIMATE', emitted_at: 1, estimate: { name, type: 'STREAM', ...more } },
});
const some = (name: string, ...ids: number[]): Step[] => ids.map((id) => record(name, { id }));

/** How each stream ended in every attempt, with how much of it was committed by then. */
async function ends(command: string[], file: string) {
  const ended: StreamProgress[] = [];
  const logs: string[] = [];
  await sync({
    source: processSource({ command }),
    config: {},
    destination: await openDestination(`duckdb:${folder}/${file}.duckdb`),
    connection: 'c',
    retry: false,
    log: (level, message) => logs.push(`${level} ${message}`),
    onEvent: (event) => {
      if (event.type === 'stream') ended.push(event.stream);
    },
  });
  const facts = (one: StreamProgress) => [one.stream.name, one.status, one.estimatedRows, shareOf(one)];
  return { ended: ended.map(facts), logs };
}

const incremental = { supported_sync_modes: ['full_refresh', 'incremental'], source_defined_cursor: true };

it('what a program says about how much there is is shown with its streams, over attempts, and decides nothing', async () => {
  const discover = catalog(stream('a', incremental), stream('b', incremental));
  const broken = scripted(folder, {
    discover,
    read: [
      estimate('a', { row_estimate: 8, byte_estimate: 1_000 }),
      estimate('b', { row_estimate: 1 }),
      ...some('a', 1, 2),
      state('a', { at: 2 }, 2),
      ...some('b', 1, 2, 3),
      state('b', { at: 3 }, 3),
      failure('transient_error', 'The API is down.'),
      { exit: 1 },
    ],
  });
  expect((await ends(broken.command, 'shown')).ended).toEqual([
    ['a', 'failed', 8, 0.25],
    ['b', 'failed', 1, undefined],
  ]);
  const whole = scripted(folder, {
    discover,
    read: [
      // The last word counts.
      estimate('a', { row_estimate: 80 }),
      estimate('a', { row_estimate: 16 }),
      ...some('a', 3, 4),
      state('a', { at: 4 }, 2),
      failure('transient_error', 'It is down again.', 'a'),
      ...some('b', 4),
      state('b', { at: 4 }, 1),
    ],
  });
  expect((await ends(whole.command, 'shown')).ended).toEqual([
    ['a', 'failed', 16, 0.25],
    ['b', 'complete', undefined, undefined],
  ]);
});

it('estimates that say nothing of a stream are passed over', async () => {
  const { command } = scripted(folder, {
    discover: catalog(stream('a')),
    read: [
      estimate('a', { row_estimate: 'many' }),
      estimate('a', { row_estimate: -5, byte_estimate: null }),
      estimate('a', { row_estimate: 0 }),
      estimate('a', { type: 'SYNC', row_estimate: 100 }),
      estimate('another', { row_estimate: 100 }),
      estimate('a', { namespace: 'elsewhere', row_estimate: 100 }),
      ...some('a', 1),
    ],
  });
  const { ended, logs } = await ends(command, 'passed');
  expect(ended).toEqual([['a', 'complete', undefined, undefined]]);
  expect(logs.filter((line) => line.startsWith('DEBUG Estimate'))).toHaveLength(6);
});
