import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { verdict } from '../../../scripts/torture/kills.mjs';
import { count, query, temporaryFolder } from './duckdb-file.ts';
import { copiesIn, killedRunner, torture } from './kill-runs.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 40);
const SEED = Number(process.env.TIDEMARK_SEED ?? 7);

const runner = killedRunner();

it(`loses and doubles no row over ${KILLS} kills`, async () => {
  const folder = temporaryFolder();
  const into = (name: string) => runner({ destination: { duckdb: { path: `${folder}/${name}` } }, retries: true });
  const lanes = [Math.ceil(KILLS / 2), Math.floor(KILLS / 2)];
  const sums = await Promise.all(
    lanes.map((kills, lane) => {
      const file = `${folder}/${lane}.duckdb`;
      return torture({
        kills,
        seed: SEED + lane,
        attempt: into(`${lane}.duckdb`),
        unharmed: into(`unharmed-${lane}.duckdb`),
        finishedJobs: () => finishedJobs(file),
        copies: async (table) => copiesIn(await query(file, `SELECT id, count(*) AS n FROM ${table} GROUP BY id`)),
      });
    }),
  );
  const sum = (field: 'kills' | 'lost' | 'doubled') => sums.reduce((all, one) => all + one[field], 0);
  console.log(verdict({ kills: sum('kills'), lost: sum('lost'), doubled: sum('doubled') }));
  expect(sum('kills')).toBe(KILLS);
}, 600_000);

async function finishedJobs(file: string): Promise<number> {
  if (!existsSync(file)) return 0;
  const books = await count(
    file,
    "SELECT count(*) FROM duckdb_tables() WHERE schema_name = '_tidemark' AND table_name = 'jobs'",
  );
  return books === 0 ? 0 : count(file, "SELECT count(*) FROM _tidemark.jobs WHERE outcome = 'complete'");
}
