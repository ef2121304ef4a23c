import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fileBooks, processDestination, type SyncResult, sync } from '@tidemark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleChild } from '../child.ts';
import { count, temporaryFolder } from '../duckdb-file.ts';
import { grown, killSource, ROWS, random, selections } from '../kill-source.ts';

const KILLS = 6;

// Inside the package, so that the child finds the package's own DuckDB.
const programs = fileURLToPath(new URL(`../../node_modules/.cache/served-${process.pid}`, import.meta.url));
let program = '';
beforeAll(async () => {
  mkdirSync(programs, { recursive: true });
  program = await bundleChild('processes/served-child', programs);
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

it(`loses no row over ${KILLS} kills of a destination program`, async () => {
  const folder = temporaryFolder();
  const file = `${folder}/served.duckdb`;
  const pids = `${folder}/pid`;
  const next = random(11);
  let kills = 0;
  let jobs = 0;
  let more = 0;
  const attempt = (): Promise<SyncResult> => {
    const settings = { command: [process.execPath, program, pids], config: { path: file } };
    return sync({
      source: killSource(jobs + 1, Math.floor(next() * 1e9)),
      config: {},
      connection: 'kill',
      destination: processDestination(settings, fileBooks(`${folder}/books.json`)),
      streams: selections,
      checkpoint: { rows: 60, seconds: 0.05 },
      retry: false,
    });
  };
  while (jobs < 2 || kills < KILLS) {
    rmSync(pids, { force: true });
    const running = attempt();
    let ended = false;
    void running.finally(() => {
      ended = true;
    });
    if (kills < KILLS) {
      while (!existsSync(pids) && !ended) await sleep(5);
      await sleep(next() * 500);
      const pid = existsSync(pids) ? Number(readFileSync(pids, 'utf8')) : 0;
      if (pid > 0 && !ended && killed(pid)) kills++;
    }
    const result = await running;
    if (result.outcome !== 'complete') {
      expect(result.errors.length).toBeGreaterThan(0);
      continue;
    }
    jobs++;
    more += await verify(file, jobs);
  }
  console.log(
    `${kills} kills of the destination over ${jobs} jobs: 0 lost, ${more} sent twice into streams that append`,
  );
}, 300_000);

function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Every row is there; those that are replaced or have a key, once. Returns how many rows of the others are there again. */
async function verify(file: string, jobs: number): Promise<number> {
  const whole = ROWS * jobs;
  const expected: [string, number, boolean][] = [
    ['pages', ROWS, false],
    ['partitions', ROWS, false],
    ['pieces', whole, false],
    ['whole', whole, false],
    ['slices', grown(jobs), false],
    ['merged', grown(jobs), true],
  ];
  let doubled = 0;
  for (const [table, rows, exactly] of expected) {
    const all = await count(file, `SELECT count(*) FROM ${table}`);
    const perJob = table === 'pieces' || table === 'whole';
    const key = perJob ? `id, json_extract(_airbyte_meta, '$.sync_id')` : 'id';
    const distinct = await count(file, `SELECT count(*) FROM (SELECT DISTINCT ${key} FROM ${table})`);
    expect({ table, distinct }).toEqual({ table, distinct: rows });
    if (exactly) expect({ table, all }).toEqual({ table, all: rows });
    doubled += all - distinct;
  }
  return doubled;
}
