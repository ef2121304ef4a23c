import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mysql, sync } from '@tidemark/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql as mysqlServer } from '../../../scripts/servers/vitest.mjs';
import { bundleChild } from './child.ts';
import { grown, killSource, ROWS, random, selections } from './kill-source.ts';
import { query, settingsOf } from './mysql-server.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 6);
const SEED = Number(process.env.TIDEMARK_SEED ?? 11);

// Inside the package, so that the child finds the package's own driver.
const programs = fileURLToPath(new URL(`../node_modules/.cache/mysql-kill-${process.pid}`, import.meta.url));
let program = '';
beforeAll(async () => {
  mkdirSync(programs, { recursive: true });
  program = await bundleChild('mysql-child', programs);
}, 60_000);
afterAll(() => rmSync(programs, { recursive: true, force: true }));

interface Ended {
  killed: boolean;
  said: string;
  ms: number;
}

/** Runs one attempt in a process and kills it `ms` after it began. */
function attempt(url: string, job: number, seed: number, ms: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, url, String(job), String(seed)], {
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
      resolve({ killed: code === null, said, ms: Date.now() - ready });
    });
  });
}

/** Runs one attempt here and kills the server `ms` after it began. */
async function attemptOnDyingServer(
  server: Server,
  database: string,
  job: number,
  seed: number,
  ms: number,
): Promise<Ended> {
  const began = Date.now();
  const ended = { is: false };
  const run = sync({
    source: killSource(job, seed),
    config: {},
    connection: 'kill',
    destination: mysql(settingsOf(server, database)),
    streams: selections,
    checkpoint: { rows: 60, seconds: 0.05 },
    retry: false,
  })
    .then(
      (result) => `${result.outcome} ${result.errors.map((error) => error.message).join('; ')}`,
      (error) => `refused ${error.message}`,
    )
    .finally(() => {
      ended.is = true;
    });
  for (let waited = 0; waited < ms && !ended.is; waited += 10) await sleep(10);
  const killed = !ended.is;
  if (killed) await server.kill();
  const said = await run;
  if (killed) await server.restart();
  return { killed, said, ms: Date.now() - began };
}

async function count(server: Server, database: string, sql: string): Promise<number> {
  const [row] = await query(server, database, sql);
  return Number(Object.values(row!)[0]);
}

async function finishedJobs(server: Server, database: string): Promise<number> {
  const books = `SELECT count(*) FROM information_schema.tables WHERE table_schema = '${database}' AND table_name = '_tidemark_jobs'`;
  if ((await count(server, database, books)) === 0) return 0;
  return count(server, database, "SELECT count(*) FROM _tidemark_jobs WHERE outcome = 'complete'");
}

/** What the tables must hold after so many complete jobs. */
async function verify(server: Server, database: string, jobs: number): Promise<void> {
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
      all: await count(server, database, `SELECT count(*) FROM ${table}`),
      distinct: await count(server, database, `SELECT count(DISTINCT id) FROM ${table}`),
    };
    expect(seen, `${table} after job ${jobs}`).toEqual({ all, distinct });
  }
}

type Run = (job: number, seed: number, ms: number) => Promise<Ended>;

/** Runs attempt after attempt until so many were killed, then one to its end; says how many jobs were completed. */
async function torture(server: Server, database: string, kills: number, run: Run): Promise<number> {
  const next = random(SEED);
  const { ms } = await run(1, 1, 60_000);
  let span = ms;
  let left = kills;
  let done = await finishedJobs(server, database);
  for (let last = false; !last; ) {
    last = left === 0;
    const { killed, said } = await run(done + 1, Math.floor(next() * 1e9), last ? 60_000 : next() * span * 0.8);
    if (killed) left--;
    else expect(said, 'an attempt that was not killed').toMatch(/complete/);
    const complete = await finishedJobs(server, database);
    if (complete > done) await verify(server, database, complete);
    // Other work on the machine comes and goes: most kills are to hit, and some jobs are to end between them.
    span *= complete > done ? 0.75 : 1.1;
    done = complete;
  }
  return done;
}

for (const kind of [mysqlServer, mariadb]) {
  describeWith(kind, 'kills', (server) => {
    it(`loses and doubles no row when the runner is killed ${KILLS} times`, async () => {
      await query(server(), undefined, 'CREATE DATABASE runner');
      const url = server().url.replace(/\/tidemark$/, '/runner');
      const jobs = await torture(server(), 'runner', KILLS, (...at) => attempt(url, ...at));
      console.log(`${kind.name}: ${KILLS} kills of the runner over ${jobs} jobs: 0 lost, 0 doubled`);
    }, 300_000);

    it(`loses and doubles no row when the server is killed ${KILLS} times`, async () => {
      await query(server(), undefined, 'CREATE DATABASE server');
      const run: Run = (...at) => attemptOnDyingServer(server(), 'server', ...at);
      const jobs = await torture(server(), 'server', KILLS, run);
      console.log(`${kind.name}: ${KILLS} kills of the server over ${jobs} jobs: 0 lost, 0 doubled`);
    }, 300_000);
  });
}
