import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { childProgram } from './child.ts';
import { temporaryFolder } from './duckdb-file.ts';

const MOST_BYTES = 400_000_000;
const folder = temporaryFolder();
const program = childProgram('memory-child');

/** Runs the child, which syncs `rows` of `bytes` into the destination, and looks at the most memory that it held. */
function expectBounded(name: string, destination: string, numbers: number[], state = '', source = ''): void {
  const [rows] = numbers;
  const args = [program(), destination, ...numbers.map(String), state, source];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const result = JSON.parse(stdout || JSON.stringify(stderr));
  console.log(`${name}: ${Math.round(result.peak / 1e6)} MB, ${result.cpuSeconds?.toFixed(1)} CPU seconds`);
  expect(result).toMatchObject({ outcome: 'complete', rows, errors: [] });
  expect(result.peak).toBeLessThan(MOST_BYTES);
}

// What a process holds does not grow with the rows: a fifth of ten million says as much as all of them.
it.runIf(process.platform === 'linux').each([
  ['two million small rows', 2_000_000, 60, 1_000],
  ['rows of a kilobyte', 100_000, 1_000, 500],
  ['records of 20 MB', 60, 20_000_000, 1],
])(
  '%s are synced into DuckDB in under 400 MB',
  (name, rows, bytes, pageRows) => {
    const file = `${folder}/${name.replaceAll(' ', '-')}.duckdb`;
    expectBounded(name, `duckdb:${file}`, [rows, bytes, pageRows]);
    rmSync(file);
  },
  300_000,
);

// Each record is committed by itself, but for lines, and the end puts together what may be: twenty say as much as sixty.
it.runIf(process.platform === 'linux').each([
  ['Parquet files', (place: string) => `files:${place}`],
  ['JSON lines files', (place: string) => `files:${place}?format=jsonl`],
  ['one file of JSON lines', (place: string) => `jsonl:${place}/lines.jsonl`],
])(
  'records of 20 MB are synced into %s in under 400 MB',
  (name, destinationAt) => {
    const place = `${folder}/${name.replaceAll(' ', '-')}`;
    mkdirSync(place);
    const destination = destinationAt(place);
    const state = destination.startsWith('jsonl') ? `${place}/state.json` : '';
    expectBounded(`20 MB into ${name}`, destination, [20, 20_000_000, 1], state);
    rmSync(place, { recursive: true });
  },
  300_000,
);

// Two hundred megabytes are covered by one state: what holds them all until then would not do.
it.runIf(process.platform === 'linux').each([
  ['DuckDB', (place: string) => `duckdb:${place}/large.duckdb`],
  ['Parquet files', (place: string) => `files:${place}`],
  ['JSON lines files', (place: string) => `files:${place}?format=jsonl`],
])(
  'a program’s records of 20 MB with few states are synced into %s in under 400 MB',
  (name, destinationAt) => {
    const place = `${folder}/${name.replaceAll(' ', '-')}-program`;
    mkdirSync(place);
    const source = fileURLToPath(new URL('./memory-program.mjs', import.meta.url));
    expectBounded(`20 MB of a program into ${name}`, destinationAt(place), [20, 20_000_000, 10], '', source);
    rmSync(place, { recursive: true });
  },
  300_000,
);
