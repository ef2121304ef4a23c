import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleChild } from './child.ts';
import { temporaryFolder } from './duckdb-file.ts';

const MOST_BYTES = 400_000_000;
const folder = temporaryFolder();
const programs = fileURLToPath(new URL(`../node_modules/.cache/memory-${process.pid}`, import.meta.url));
let program = '';
beforeAll(async () => {
  mkdirSync(programs, { recursive: true });
  program = await bundleChild('memory-child', programs);
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

// What a process holds does not grow with the rows: a fifth of ten million says as much as all of them.
it.runIf(process.platform === 'linux').each([
  ['two million small rows', 2_000_000, 60, 1_000],
  ['rows of a kilobyte', 100_000, 1_000, 500],
  ['records of 20 MB', 60, 20_000_000, 1],
])(
  '%s are synced into DuckDB in under 400 MB',
  (name, rows, bytes, pageRows) => {
    const file = `${folder}/${name.replaceAll(' ', '-')}.duckdb`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [program, `duckdb:${file}`, String(rows), String(bytes), String(pageRows)],
      { encoding: 'utf8' },
    );
    const result = JSON.parse(stdout || JSON.stringify(stderr));
    console.log(`${name}: ${Math.round(result.peak / 1e6)} MB, ${result.cpuSeconds.toFixed(1)} CPU seconds`);
    expect(result).toMatchObject({ outcome: 'complete', rows, errors: [] });
    expect(result.peak).toBeLessThan(MOST_BYTES);
    rmSync(file);
  },
  300_000,
);
