import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KillSum, killAndResume, killed, verdict } from '../../../scripts/torture/kills.mjs';
import { bundleChild } from './child.ts';
import { count, query, temporaryFolder } from './duckdb-file.ts';
import { grown, ROWS } from './kill-source.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 40);
const SEED = Number(process.env.TIDEMARK_SEED ?? 7);

// Inside the package, so that the child finds the package's own DuckDB.
const programs = fileURLToPath(new URL(`../node_modules/.cache/kill-${process.pid}`, import.meta.url));
let program = '';
beforeAll(async () => {
  mkdirSync(programs, { recursive: true });
  program = await bundleChild('kill-child', programs);
});
afterAll(() => rmSync(programs, { recursive: true, force: true }));

/** Runs one attempt and kills it `ms` after it began. */
const attempt = (file: string, { job, seed, ms }: { job: number; seed: number; ms: number }) =>
  killed({
    command: process.execPath,
    args: [program, file, String(job), String(seed)],
    ms,
    ok: (_code, said) => /complete/.test(said),
  });

it(`loses and doubles no row over ${KILLS} kills`, async () => {
  const folder = temporaryFolder();
  // How long an undisturbed attempt takes on this machine today: the kills are spread over that.
  const { ms: span } = await attempt(`${folder}/unharmed.duckdb`, { job: 1, seed: 1, ms: 60_000 });
  const lanes = [Math.ceil(KILLS / 2), Math.floor(KILLS / 2)];
  const sums = await Promise.all(
    lanes.map((kills, lane): Promise<KillSum> => {
      const file = `${folder}/${lane}.duckdb`;
      return killAndResume({
        kills,
        seed: SEED + lane,
        span,
        attempt: (about) => attempt(file, about),
        finishedJobs: () => finishedJobs(file),
        verify: (jobs) => verify(file, jobs),
      });
    }),
  );
  const sum = (field: 'kills' | 'lost' | 'doubled') => sums.reduce((all, one) => all + one[field], 0);
  console.log(verdict({ kills: sum('kills'), lost: sum('lost'), doubled: sum('doubled') }));
  expect(sums.flatMap(({ failures }) => failures)).toEqual([]);
  expect({ kills: sum('kills'), lost: sum('lost'), doubled: sum('doubled') }).toEqual({
    kills: KILLS,
    lost: 0,
    doubled: 0,
  });
}, 600_000);

async function finishedJobs(file: string): Promise<number> {
  if (!existsSync(file)) return 0;
  const books = await count(
    file,
    "SELECT count(*) FROM duckdb_tables() WHERE schema_name = '_tidemark' AND table_name = 'jobs'",
  );
  return books === 0 ? 0 : count(file, "SELECT count(*) FROM _tidemark.jobs WHERE outcome = 'complete'");
}

/** What the tables must hold after so many complete jobs: each row once, or once for each job. */
async function verify(file: string, jobs: number): Promise<{ lost: number; doubled: number }> {
  const expected: [string, number, number][] = [
    ['pages', 1, ROWS],
    ['partitions', 1, ROWS],
    ['pieces', jobs, ROWS],
    ['whole', jobs, ROWS],
    ['slices', 1, grown(jobs)],
    ['merged', 1, grown(jobs)],
  ];
  const sum = { lost: 0, doubled: 0 };
  for (const [table, copies, distinct] of expected) {
    const found = new Map<number, number>();
    for (const { id, n } of await query(file, `SELECT id::INT AS id, count(*)::INT AS n FROM ${table} GROUP BY id`))
      found.set(Number(id), Number(n));
    for (let id = 1; id <= distinct; id++) {
      const n = found.get(id) ?? 0;
      sum.lost += Math.max(0, copies - n);
      sum.doubled += Math.max(0, n - copies);
      found.delete(id);
    }
    sum.doubled += found.size;
  }
  return sum;
}
