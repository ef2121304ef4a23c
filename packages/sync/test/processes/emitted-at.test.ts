import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Destination, fileBooks, openDestination, processDestination, processSource, sync } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { jsonl } from '../../src/destinations/jsonl.ts';
import { query, temporaryFolder } from '../duckdb-file.ts';
import { catalog, record, type Step, scripted, state, stream } from './script.ts';

const folder = temporaryFolder();
const listener = fileURLToPath(new URL('listener.mjs', import.meta.url));
const NOW = Date.UTC(2026, 4, 1, 12);
const incremental = { supported_sync_modes: ['full_refresh', 'incremental'], source_defined_cursor: true };
const iso = (time: number): string => new Date(time).toISOString();
const at = (id: number, emittedAt: unknown, more: object = {}): Step =>
  record('a', { id, ...more }, { emitted_at: emittedAt as number });

/** One sync of a program that says these things; the runner's clock stands still. */
function run(read: Step[], destination: Destination) {
  const { command } = scripted(folder, { discover: catalog(stream('a', incremental)), read });
  const clock = () => NOW;
  return sync({ source: processSource({ command }), config: {}, destination, connection: 'c', retry: false, clock });
}

const linesAt = (file: string) => jsonl(file, fileBooks(`${file}.state.json`));
const objects = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
/** The rows of a file of JSON lines: id, and when they were extracted. */
const extracted = (file: string) =>
  objects(file).map(({ _airbyte_data: data, _airbyte_extracted_at: time }) => [data.id, time]);

it('rows have the time at which the program says that it emitted them, each its own', async () => {
  const [first, second, third] = [NOW - 5_000, NOW - 4_999, NOW - 1_000];
  const read = [
    ...[at(1, first), at(2, second), at(3, second), at(4, first), state('a', { at: 4 }, 4)],
    // The next page is all of one time.
    ...[at(5, third), at(6, third), state('a', { at: 6 }, 2)],
  ];
  const expected = [first, second, second, first, third, third].map((time, index) => [index + 1, iso(time)]);
  const file = `${folder}/own.duckdb`;
  expect(await run(read, await openDestination(`duckdb:${file}`))).toMatchObject({ outcome: 'complete', rows: 6 });
  const rows = await query(file, 'SELECT id, epoch_ms(_airbyte_extracted_at) AS at FROM a ORDER BY id');
  expect(rows.map(({ id, at }) => [Number(id), iso(Number(at))])).toEqual(expected);
  const lines = `${folder}/own.jsonl`;
  expect((await run(read, linesAt(lines))).outcome).toBe('complete');
  expect(extracted(lines)).toEqual(expected);
});

it('a time that is missing or senseless is the runner’s', async () => {
  const sound = NOW + 60_000;
  const [seconds, microseconds, ahead] = [NOW / 1_000, NOW * 1_000, NOW + 2 * 86_400_000];
  const senseless = [undefined, null, 0, 1, -NOW, 'soon', {}, true, seconds, microseconds, ahead];
  const read = [at(0, sound), ...senseless.map((time, index) => at(index + 1, time)), at(99, sound + 0.75)];
  const file = `${folder}/senseless.jsonl`;
  expect((await run(read, linesAt(file))).outcome).toBe('complete');
  expect(extracted(file)).toEqual([
    [0, iso(sound)],
    ...senseless.map((_, index) => [index + 1, iso(NOW)]),
    [99, iso(sound)],
  ]);
});

it('a program at the other end is told the same times, also of large records that go over one by one', async () => {
  const pad = 'x'.repeat(100_000);
  const told = `${folder}/listener.json`;
  writeFileSync(told, '{}');
  const program = { command: [process.execPath, listener, told], config: {} };
  const read = [1, 2, 3].map((id) => at(id, NOW - id, { pad }));
  expect((await run(read, processDestination(program, fileBooks(`${folder}/books.json`)))).outcome).toBe('complete');
  const records = objects(`${told}.got`).flatMap(({ record: one }) => (one ? [[one.data.id, one.emitted_at]] : []));
  expect(records).toEqual([1, 2, 3].map((id) => [id, NOW - id]));
});
