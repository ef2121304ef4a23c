import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@tidemark/protocol';
import {
  type Destination,
  fileBooks,
  openDestination,
  type ProcessSourceSettings,
  processDestination,
  processSource,
  sync,
} from '@tidemark/sync';
import { expect, it } from 'vitest';
import { count, query, temporaryFolder } from '../duckdb-file.ts';
import { catalog, failure, record, type Script, type Step, scripted, state, stream } from './script.ts';

const folder = temporaryFolder();
const incremental = {
  supported_sync_modes: ['full_refresh', 'incremental'],
  source_defined_cursor: true,
  default_cursor_field: ['id'],
  source_defined_primary_key: [['id']],
};
const some = (name: string, ...ids: number[]): Step[] => ids.map((id) => record(name, { id }));
const run = (command: string[], destination: Destination, settings: ProcessSourceSettings = {}) =>
  sync({ source: processSource({ command, ...settings }), config: {}, destination, connection: 'c', retry: false });

const global = (lsn: number, recordCount: number, states: Record<string, JsonObject>): Step => ({
  type: 'STATE',
  state: {
    type: 'GLOBAL',
    global: {
      shared_state: { lsn },
      stream_states: Object.entries(states).map(([name, one]) => ({ stream_descriptor: { name }, stream_state: one })),
    },
    sourceStats: { recordCount },
  },
});

it('a program that fails is gone on with from its last state', async () => {
  const file = `${folder}/resumed.duckdb`;
  const discover = catalog(stream('a', incremental), stream('b', { is_resumable: true }));
  const broken = scripted(folder, {
    discover,
    read: [
      ...some('a', 1, 2),
      state('a', { at: 2 }, 2),
      ...some('b', 1, 2, 3),
      state('b', { next_page_token: 1 }, 3),
      ...some('a', 3),
      ...some('b', 4),
      failure('transient_error', 'The API is down.'),
      { exit: 1 },
    ],
  });
  const first = await run(broken.command, await openDestination(`duckdb:${file}`));
  expect(first).toMatchObject({ outcome: 'failed', rows: 5 });
  expect(first.errors[0]).toMatchObject({ kind: 'transient', message: 'The API is down.' });

  const whole = scripted(folder, {
    discover,
    read: [...some('a', 3, 4), state('a', { at: 4 }, 2), ...some('b', 4), state('b', { next_page_token: 2 }, 1)],
  });
  expect(await run(whole.command, await openDestination(`duckdb:${file}`))).toMatchObject({
    outcome: 'complete',
    attempt: 2,
  });
  expect(whole.calls('read')).toMatchObject([
    {
      state: [
        { type: 'STREAM', stream: { stream_descriptor: { name: 'a' }, stream_state: { at: 2 } } },
        { type: 'STREAM', stream: { stream_descriptor: { name: 'b' }, stream_state: { next_page_token: 1 } } },
      ],
    },
  ]);
  for (const table of ['a', 'b']) {
    expect(await query(file, `SELECT count(*) AS n, count(DISTINCT id) AS d FROM ${table}`)).toEqual([
      { n: '4', d: '4' },
    ]);
  }
});

it('one state for all streams goes through, and back to the program', async () => {
  const file = `${folder}/global.duckdb`;
  const discover = catalog(stream('a', incremental), stream('b', incremental));
  const first = scripted(folder, {
    discover,
    read: [
      ...some('a', 1, 2),
      ...some('b', 1),
      global(5, 3, { a: { done: true }, b: {} }),
      ...some('b', 2),
      { exit: 1 },
    ],
  });
  expect(await run(first.command, await openDestination(`duckdb:${file}`))).toMatchObject({
    outcome: 'failed',
    rows: 3,
  });
  const second = scripted(folder, {
    discover,
    read: [...some('b', 2), global(6, 1, { a: { done: true }, b: { done: true } })],
  });
  expect(await run(second.command, await openDestination(`duckdb:${file}`))).toMatchObject({ outcome: 'complete' });
  expect(second.calls('read')).toMatchObject([{ state: [{ type: 'GLOBAL', global: { shared_state: { lsn: 5 } } }] }]);
  expect(await count(file, 'SELECT count(*) FROM b')).toBe(2);
});

it('one state for all streams covers what was handed on before it of those that have nothing more', async () => {
  const file = `${folder}/covered.duckdb`;
  const discover = catalog(stream('a', incremental), stream('b', incremental));
  // A full page goes on before the state comes.
  const page = Array.from({ length: 1_000 }, (_, id) => id);
  const broken = scripted(folder, {
    discover,
    read: [...some('a', ...page), ...some('b', 1), global(5, 1_001, { a: {}, b: {} }), { exit: 1 }],
  });
  expect(await run(broken.command, await openDestination(`duckdb:${file}`))).toMatchObject({ rows: 1_001 });
  expect(await count(file, 'SELECT count(*) FROM a')).toBe(1_000);
});

it('one state for all streams reaches a destination program as one', async () => {
  const settings = `${folder}/listener.json`;
  writeFileSync(settings, JSON.stringify({ stats: 'right' }));
  const listener = fileURLToPath(new URL('listener.mjs', import.meta.url));
  const books = `${folder}/global-books.json`;
  const destination = () =>
    processDestination({ command: [process.execPath, listener, settings], config: {} }, fileBooks(books));
  const discover = catalog(stream('a', incremental), stream('b', incremental));
  const read = [...some('a', 1, 2), ...some('b', 1), global(5, 3, { a: { done: true }, b: { done: true } })];
  const { command } = scripted(folder, { discover, read });
  expect(await run(command, destination())).toMatchObject({ outcome: 'complete', rows: 3 });
  const lines = readFileSync(`${settings}.got`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
  const states = lines.flatMap(({ state: one }) => (one ? [one as JsonObject] : []));
  expect(states).toMatchObject([
    {
      type: 'GLOBAL',
      global: {
        shared_state: { lsn: 5 },
        stream_states: [{ stream_state: { done: true } }, { stream_state: { done: true } }],
      },
      sourceStats: { recordCount: 3 },
      id: 1,
    },
  ]);
  const { shared, outcome, streams } = JSON.parse(readFileSync(books, 'utf8')).connections.c;
  expect({ shared, outcome, rows: streams.map((one: { rows: number }) => one.rows) }).toEqual({
    shared: { lsn: 5 },
    outcome: 'complete',
    rows: [2, 1],
  });
});

it('lines in quarantine are counted in the result', async () => {
  const quarantine = `${folder}/kept.txt`;
  const script: Script = { discover: catalog(stream('a')), read: [...some('a', 1), 'a line of text', ...some('a', 2)] };
  const result = await run(scripted(folder, script).command, await openDestination(`duckdb:${folder}/q.duckdb`), {
    unparsable: 'quarantine',
    quarantine_file: quarantine,
  });
  expect(result).toMatchObject({ outcome: 'complete', rows: 2 });
  expect(result.attempts.map((one) => one.unparsable)).toEqual([{ lines: 1, file: quarantine }]);
});
