import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDestination, sync } from '@tidemark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { bundleChild } from './child.ts';
import { grown, killSource, ROWS, random, selections } from './kill-source.ts';
import { ask, newDatabase } from './postgres-server.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 12);
const SEED = Number(process.env.TIDEMARK_SEED ?? 5);

// Inside the package, so that the child finds the package's own driver.
const programs = fileURLToPath(new URL(`../node_modules/.cache/postgres-kill-${process.pid}`, import.meta.url));
let program = '';
beforeAll(async () => {
  mkdirSync(programs, { recursive: true });
  program = await bundleChild('postgres-child', programs);
}, 60_000);
afterAll(() => rmSync(programs, { recursive: true, force: true }));

interface Ended {
  killed: boolean;
  said: string;
}
type Attempt = (url: string, job: number, seed: number, ms: number) => Promise<Ended>;

/** Runs one attempt in a process and kills it `ms` after it began. */
const killedRunner: Attempt = (url, job, seed, ms) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, url, String(job), String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    const hear = (text: Buffer) => {
      said += text;
      if (said.startsWith('ready')) timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ killed: code === null, said });
    });
  });

/** Runs one attempt here and kills the server `ms` after it began. */
function killedServer(server: Server): Attempt {
  return async (url, job, seed, ms) => {
    let ended = false;
    const run = sync({
      source: killSource(job, seed),
      config: {},
      connection: 'kill',
      destination: await openDestination(url),
      streams: selections,
      checkpoint: { rows: 60, seconds: 0.05 },
      retry: false,
    })
      .then(
        (result) => `${result.outcome} ${result.errors.map((error) => `${error.kind} ${error.message}`).join('; ')}`,
        (error) => `refused ${error.kind} ${error.message}`,
      )
      .finally(() => {
        ended = true;
      });
    for (let waited = 0; waited < ms && !ended; waited += 10) await sleep(10);
    const killed = !ended;
    if (killed) await server.kill();
    const said = await run;
    if (killed) await server.restart();
    if (killed) expect(said).not.toMatch(/config|undefined/);
    return { killed, said };
  };
}

async function finishedJobs(url: string): Promise<number> {
  const [books] = await ask(url, "SELECT to_regclass('_tidemark.jobs') AS jobs");
  if (books!.jobs === null) return 0;
  const [jobs] = await ask(url, "SELECT count(*) AS n FROM _tidemark.jobs WHERE outcome = 'complete'");
  return Number(jobs!.n);
}

/** What the tables must hold after so many complete jobs. */
async function verify(url: string, jobs: number): Promise<void> {
  const expected: [string, number, number][] = [
    ['pages', ROWS, ROWS],
    ['partitions', ROWS, ROWS],
    ['pieces', ROWS * jobs, ROWS],
    ['whole', ROWS * jobs, ROWS],
    ['slices', grown(jobs), grown(jobs)],
    ['merged', grown(jobs), grown(jobs)],
  ];
  for (const [table, all, distinct] of expected) {
    const [seen] = await ask(url, `SELECT count(*) AS "all", count(DISTINCT id) AS "distinct" FROM ${table}`);
    expect(seen, `${table} after job ${jobs}`).toEqual({ all: String(all), distinct: String(distinct) });
  }
}

/** Runs attempt after attempt until so many were killed, then one to its end; says how many jobs were completed. */
async function torture(url: string, attempt: Attempt, kills: number, span: number): Promise<number> {
  const next = random(SEED);
  let left = kills;
  let done = 0;
  for (let last = false; !last; ) {
    last = left === 0;
    const { killed, said } = await attempt(url, done + 1, Math.floor(next() * 1e9), last ? 60_000 : next() * span);
    if (killed) left--;
    else expect(said, 'an attempt that was not killed').toMatch(/complete/);
    // The books know: a kill may hit after the job's end was committed and before the process could say so.
    const complete = await finishedJobs(url);
    if (complete > done) await verify(url, complete);
    span *= complete > done ? 0.75 : 1.1;
    done = complete;
  }
  return done;
}

describeWith(postgres, 'kills', (server) => {
  it(`loses and doubles no row over ${KILLS} kills of the runner`, async () => {
    const jobs = await torture(await newDatabase(server(), 'runner'), killedRunner, KILLS, 1_500);
    console.log(`${KILLS} kills over ${jobs} jobs: 0 lost, 0 doubled`);
  }, 600_000);

  it('loses and doubles no row over kills of the server', async () => {
    const jobs = await torture(
      await newDatabase(server(), 'served'),
      killedServer(server()),
      Math.ceil(KILLS / 3),
      1_000,
    );
    expect(jobs).toBeGreaterThan(0);
  }, 600_000);
});
