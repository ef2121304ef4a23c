import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileBooks, processDestination } from '@tidemark/sync';
import { expect, it } from 'vitest';
import { random } from '../../../../scripts/torture/random.mjs';
import { childProgram } from '../child.ts';
import { count, temporaryFolder } from '../duckdb-file.ts';
import { killSync, rowsAfter } from '../kill-source.ts';

const KILLS = 6;

const program = childProgram('processes/served-child');

it(`loses no row over ${KILLS} kills of a destination program`, async () => {
  const folder = temporaryFolder();
  const file = `${folder}/served.duckdb`;
  const pids = `${folder}/pid`;
  const next = random(11);
  let kills = 0;
  /** The numbers of the complete jobs. A job that comes to nothing twice is given up for another. */
  const jobs: number[] = [];
  let more = 0;
  const attempt = () => {
    const settings = { command: [process.execPath, program(), pids], config: { path: file } };
    const destination = processDestination(settings, fileBooks(`${folder}/books.json`));
    return killSync(destination, { job: jobs.length + 1, seed: Math.floor(next() * 1e9) });
  };
  while (jobs.length < 2 || kills < KILLS) {
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
    jobs.push(result.jobId);
    more += await verify(file, jobs);
  }
  console.log(
    `${kills} kills of the destination over ${jobs.length} jobs: 0 lost, ${more} sent twice into streams that append`,
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
async function verify(file: string, jobs: readonly number[]): Promise<number> {
  let doubled = 0;
  for (const { stream, ids, times } of rowsAfter(jobs.length)) {
    const all = await count(file, `SELECT count(*) FROM ${stream}`);
    const job = "CAST(json_extract(_airbyte_meta, '$.sync_id') AS BIGINT)";
    const perJob = stream === 'pieces' || stream === 'whole';
    const rows = perJob ? `id, ${job} FROM ${stream} WHERE ${job} IN (${jobs})` : `id FROM ${stream}`;
    const distinct = await count(file, `SELECT count(*) FROM (SELECT DISTINCT ${rows})`);
    expect({ stream, distinct }).toEqual({ stream, distinct: ids * times });
    if (stream === 'merged') expect({ stream, all }).toEqual({ stream, all: ids });
    doubled += all - distinct;
  }
  return doubled;
}
