import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleChild } from './child.ts';
import { count, temporaryFolder } from './duckdb-file.ts';
import { grown, ROWS, random } from './kill-source.ts';

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

/** Runs one attempt and kills it `ms` after it began; says how it ended. */
function attempt(
  file: string,
  job: number,
  seed: number,
  ms: number,
): Promise<{ code: number | null; said: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, file, String(job), String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    let ready = 0;
    const hear = (text: Buffer) => {
      said += text;
      if (!said.startsWith('ready')) return;
      ready ||= Date.now();
      timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, said, ms: Date.now() - ready });
    });
  });
}

it(`loses and doubles no row over ${KILLS} kills`, async () => {
  const folder = temporaryFolder();
  // How long an undisturbed attempt takes on this machine today: the kills are spread over that.
  const { ms } = await attempt(`${folder}/unharmed.duckdb`, 1, 1, 60_000);
  const lanes = [Math.ceil(KILLS / 2), Math.floor(KILLS / 2)];
  const jobs = await Promise.all(
    lanes.map((kills, lane) => torture(`${folder}/${lane}.duckdb`, SEED + lane, kills, ms)),
  );
  console.log(`${KILLS} kills over ${jobs.join(' and ')} jobs: 0 lost, 0 doubled`);
}, 600_000);

/** Runs attempt after attempt until so many were killed, then one to its end; says how many jobs were completed. */
async function torture(file: string, seed: number, kills: number, ms: number): Promise<number> {
  const next = random(seed);
  let span = ms;
  let left = kills;
  let done = 0;
  for (let last = false; !last; ) {
    last = left === 0;
    const wait = last ? 60_000 : next() * span * 0.6;
    const { code, said } = await attempt(file, done + 1, Math.floor(next() * 1e9), wait);
    if (code === null) left--;
    else expect(said, 'an attempt that was not killed').toMatch(/complete/);
    // The books know: a kill may hit after the job's end was committed and before the process could say so.
    const complete = existsSync(file) ? await finishedJobs(file) : 0;
    if (complete > done) await verify(file, complete);
    // Other work on the machine comes and goes: most kills are to hit, and some jobs are to end between them.
    span *= complete > done ? 0.75 : 1.1;
    done = complete;
  }
  return done;
}

async function finishedJobs(file: string): Promise<number> {
  const books = await count(
    file,
    "SELECT count(*) FROM duckdb_tables() WHERE schema_name = '_tidemark' AND table_name = 'jobs'",
  );
  return books === 0 ? 0 : count(file, "SELECT count(*) FROM _tidemark.jobs WHERE outcome = 'complete'");
}

/** What the tables must hold after so many complete jobs. */
async function verify(file: string, jobs: number): Promise<void> {
  const expected: [string, number, number][] = [
    ['pages', ROWS, ROWS],
    ['partitions', ROWS, ROWS],
    ['pieces', ROWS * jobs, ROWS],
    ['whole', ROWS * jobs, ROWS],
    ['slices', grown(jobs), grown(jobs)],
    ['merged', grown(jobs), grown(jobs)],
  ];
  for (const [table, all, distinct] of expected) {
    const seen = {
      all: await count(file, `SELECT count(*) FROM ${table}`),
      distinct: await count(file, `SELECT count(DISTINCT id) FROM ${table}`),
    };
    expect(seen, `${table} after job ${jobs}`).toEqual({ all, distinct });
  }
}
