import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { engines } from './engines.mjs';
import { killAndResume, killed, verdict } from './kills.mjs';
import { random } from './random.mjs';

const cli = fileURLToPath(new URL('../../packages/cli/bin/tidemark.js', import.meta.url));
const { DuckDBInstance } = createRequire(new URL('../../packages/sync/package.json', import.meta.url))(
  '@duckdb/node-api',
);

/** Rows of each table that is loaded. */
const ROWS = 3_000;
const PATIENCE_MS = 120_000;

/** Kills syncs of databases at seeded moments and compares what came with the server. Returns the exit code. */
export async function run({ kills, seed, engine }) {
  const names = engine === undefined ? Object.keys(engines) : [engine];
  const runs = names.flatMap((name) => [
    { name, what: 'load', torture: tortureLoad },
    { name, what: 'log', torture: tortureLog },
  ]);
  const total = { kills: 0, lost: 0, doubled: 0, failures: [] };
  for (const [index, { name, what, torture }] of runs.entries()) {
    const share = Math.floor(kills / runs.length) + (index < kills % runs.length ? 1 : 0);
    if (share === 0) continue;
    const sum = await inPlace(name, (place) => torture(place, share, seed + index));
    for (const key of ['kills', 'lost', 'doubled']) total[key] += sum[key];
    total.failures.push(...sum.failures);
    console.log(`${name}, ${what}: ${verdict(sum)}`);
  }
  for (const failure of total.failures) console.error(`An attempt that was not killed failed:\n${failure}`);
  console.log(verdict(total));
  return total.lost + total.doubled + total.failures.length === 0 ? 0 : 1;
}

/** A server with tables, a folder, and how a sync between them is begun. */
async function inPlace(name, work) {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-torture-'));
  const server = await engines[name].start();
  try {
    await server.prepare(ROWS);
    return await work({ name, server, folder, file: join(folder, 'copy.duckdb') });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tables of every kind of key, appended: each job adds every row once. */
async function tortureLoad({ server, folder, file }, kills, seed) {
  const streams = server.tables.map((name) => ({ name, sync_mode: 'full_refresh', destination_sync_mode: 'append' }));
  const attempt = attempts(folder, server, { method: 'none' }, streams, file);
  const first = await attempt({ ms: PATIENCE_MS });
  if (!first.ok) return { kills: 0, lost: 0, doubled: 0, failures: [first.said] };
  const verify = async (jobs) => {
    const sum = { lost: 0, doubled: 0 };
    for (const table of server.tables) {
      const rows = await query(
        file,
        `SELECT n, count(*) AS c FROM (SELECT number, count(*) AS n FROM ${server.schema}.${table} GROUP BY number) GROUP BY n`,
      );
      const seen = rows.reduce((all, { c }) => all + Number(c), 0);
      sum.lost += Math.max(0, ROWS - seen) * jobs;
      for (const { n, c } of rows) {
        if (Number(n) < jobs) sum.lost += (jobs - Number(n)) * Number(c);
        if (Number(n) > jobs) sum.doubled += (Number(n) - jobs) * Number(c);
      }
    }
    return sum;
  };
  return killAndResume({ kills, seed, span: first.ms * 1.6, attempt, finishedJobs: () => finishedJobs(file), verify });
}

/** One table that changes all the time, kept equal by the log: after each job it is left alone, read once more and compared. */
async function tortureLog({ server, folder, file }, kills, seed) {
  const next = random(seed);
  const streams = [{ name: 'live', sync_mode: 'incremental', destination_sync_mode: 'append_dedup' }];
  const sync = attempts(folder, server, { method: 'log', log_load_seconds: 0.2 }, streams, file);
  const first = await sync({ ms: PATIENCE_MS });
  if (!first.ok) return { kills: 0, lost: 0, doubled: 0, failures: [first.said] };
  const attempt = async ({ ms }) => {
    const stop = new AbortController();
    const changing = change(server, next, stop.signal);
    try {
      return await sync({ ms });
    } finally {
      stop.abort();
      await changing;
    }
  };
  const verify = async () => {
    const quiet = await sync({ ms: PATIENCE_MS });
    if (!quiet.ok) throw new Error(`The sync that is compared failed:\n${quiet.said}`);
    const truth = new Map((await server.query('SELECT id, n FROM live')).map(({ id, n }) => [Number(id), Number(n)]));
    const copy = await query(file, `SELECT id, n FROM ${server.schema}.live`);
    const sum = { lost: 0, doubled: copy.length - new Set(copy.map(({ id }) => Number(id))).size };
    const rows = new Map(copy.map(({ id, n }) => [Number(id), Number(n)]));
    for (const [id, n] of truth) if (rows.get(id) !== n) sum.lost++;
    for (const id of rows.keys()) if (!truth.has(id)) sum.doubled++;
    return sum;
  };
  let compared = 0;
  const finished = async () => {
    const jobs = await finishedJobs(file);
    // The job of a comparison is none of those that are compared.
    return jobs - compared;
  };
  const counted = async () => {
    const sum = await verify();
    compared++;
    return sum;
  };
  return killAndResume({ kills, seed, span: first.ms * 1.6, attempt, finishedJobs: finished, verify: counted });
}

/** Changes the table until it is told to stop. */
async function change(server, next, signal) {
  for (; !signal.aborted; ) {
    const id = Math.floor(next() * ROWS * 1.2);
    const n = Math.floor(next() * 1e9);
    const dice = next();
    if (dice < 0.3) await server.query(`DELETE FROM live WHERE id = ${id}`);
    else if (dice < 0.4)
      await server.query(`UPDATE live SET id = id + ${ROWS * 2} WHERE id = ${id}`).catch(() => undefined);
    else if (dice < 0.7) await server.query(`UPDATE live SET n = ${n} WHERE id % 50 = ${id % 50}`);
    else await server.query(`INSERT INTO live (id, n) VALUES (${id}, ${n})`).catch(() => undefined);
    await sleep(5 + next() * 20);
  }
}

function attempts(folder, server, cursors, streams, file) {
  const manifest = join(folder, 'manifest.json');
  const chunking = { page_rows: 100, chunk_bytes: 65_536, ...server.chunking };
  const tables = streams.map(({ name }) => ({ name }));
  writeFileSync(
    manifest,
    JSON.stringify({ type: 'DatabaseSource', dialect: server.dialect, streams: tables, chunking, cursors }),
  );
  const connection = join(folder, 'connection.yaml');
  const order = { name: 'torture', source: manifest, config: server.config, destination: `duckdb:${file}`, streams };
  writeFileSync(connection, JSON.stringify({ ...order, checkpoint: { rows: 200, seconds: 0.05 }, retry: false }));
  const env = { ...process.env, CI: 'true' };
  const args = [cli, 'sync', connection];
  return ({ ms }) => killed({ command: process.execPath, args, ms, env, fromStart: true, ok: (code) => code === 0 });
}

async function finishedJobs(file) {
  if (!existsSync(file)) return 0;
  const [{ n }] = await query(
    file,
    "SELECT count(*) AS n FROM duckdb_tables() WHERE schema_name = '_tidemark' AND table_name = 'jobs'",
  );
  if (Number(n) === 0) return 0;
  const [{ c }] = await query(file, "SELECT count(*) AS c FROM _tidemark.jobs WHERE outcome = 'complete'");
  return Number(c);
}

async function query(file, sql) {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
