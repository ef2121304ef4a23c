import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { grown, ROWS, startApi } from './api.mjs';
import { killAndResume, killed, verdict } from './kills.mjs';
import { places } from './places.mjs';

const cli = fileURLToPath(new URL('../../packages/cli/bin/tidemark.js', import.meta.url));
const manifest = fileURLToPath(new URL('manifest.yaml', import.meta.url));

/** Every mode, each over another way of reading. */
const STREAMS = [
  ['pages', 'full_refresh', 'overwrite'],
  ['offsets', 'full_refresh', 'overwrite_dedup'],
  ['cursors', 'full_refresh', 'append'],
  ['whole', 'full_refresh', 'append'],
  ['partitions', 'full_refresh', 'append'],
  ['children', 'full_refresh', 'overwrite'],
  ['events', 'incremental', 'append'],
  ['merged', 'incremental', 'append_dedup'],
];

/** Kills syncs at seeded moments and counts what is lost and doubled in the end. Returns the exit code. */
export async function run({ kills, seed, destination }) {
  const names = destination === undefined ? Object.keys(places) : [destination];
  const total = { kills: 0, lost: 0, doubled: 0, failures: [] };
  for (const [index, name] of names.entries()) {
    const share = Math.floor(kills / names.length) + (index < kills % names.length ? 1 : 0);
    const sum = await torture(name, share, seed + index);
    for (const key of ['kills', 'lost', 'doubled']) total[key] += sum[key];
    total.failures.push(...sum.failures);
    console.log(`${name}: ${verdict(sum)} over ${sum.jobs} complete jobs`);
  }
  for (const failure of total.failures) console.error(`An attempt that was not killed failed:\n${failure}`);
  console.log(verdict(total));
  return total.lost + total.doubled + total.failures.length === 0 ? 0 : 1;
}

async function torture(name, kills, seed) {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-torture-'));
  const api = await startApi(seed);
  const place = await places[name](folder);
  try {
    const connection = join(folder, 'connection.yaml');
    writeFileSync(connection, connectionOf(api.url, place.to));
    const attempt = ({ job, ms }) => {
      api.job = job;
      const args = [cli, 'sync', connection];
      // It speaks when its attempt is in the books: from there on every moment is worth a kill.
      const env = { ...process.env, CI: 'true', LOG_LEVEL: 'INFO' };
      return killed({ command: process.execPath, args, ms, env, ok: (code) => code === 0 });
    };
    // How long an undisturbed job takes on this machine today; it is the first of those that are checked.
    const first = await attempt({ job: 1, ms: 120_000 });
    if (!first.ok) return { kills: 0, jobs: 0, lost: 0, doubled: 0, failures: [first.said] };
    const unharmed = await verify(place, 1);
    if (unharmed.lost + unharmed.doubled > 0) return { kills: 0, jobs: 1, ...unharmed, failures: [] };
    return await killAndResume({
      kills,
      seed,
      span: first.ms,
      attempt,
      finishedJobs: () => finishedJobs(place),
      verify: (jobs) => verify(place, jobs),
      onJob: (sum) => console.log(`${name}: ${sum.kills} of ${kills} kills, ${sum.jobs} jobs complete`),
    });
  } finally {
    await place.close();
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function connectionOf(url, to) {
  const streams = STREAMS.map(([name, sync_mode, destination_sync_mode]) => ({
    name,
    sync_mode,
    destination_sync_mode,
  }));
  const checkpoint = { rows: 50, seconds: 0.05 };
  const config = { base_url: url };
  return JSON.stringify({
    name: 'torture',
    source: manifest,
    config,
    destination: to,
    streams,
    checkpoint,
    retry: false,
  });
}

async function finishedJobs(place) {
  if (!(await place.books())) return 0;
  return Number((await place.one("SELECT count(*) AS n FROM _tidemark.jobs WHERE outcome = 'complete'")).n);
}

/** What the tables must hold after so many complete jobs: every row once, or once for each job. */
async function verify(place, jobs) {
  const sum = { lost: 0, doubled: 0 };
  for (const [table, sync_mode, destination_sync_mode] of STREAMS) {
    const copies = sync_mode === 'full_refresh' && destination_sync_mode === 'append' ? jobs : 1;
    const rows = sync_mode === 'incremental' ? grown(jobs) : ROWS;
    const found = await place.one(
      `SELECT count(*) AS n, count(DISTINCT id) AS d, coalesce(sum(CASE WHEN n < ${copies} THEN ${copies} - n ELSE 0 END), 0) AS missing,
        coalesce(sum(CASE WHEN n > ${copies} THEN n - ${copies} ELSE 0 END), 0) AS extra, coalesce(sum(n), 0) AS total
      FROM (SELECT id, count(*) AS n FROM ${table} GROUP BY id) AS each`,
    );
    const lost = Number(found.missing) + (rows - Number(found.d)) * copies;
    const doubled = Number(found.extra);
    if (lost !== 0 || doubled !== 0) console.log(`${table} after job ${jobs}: ${lost} lost, ${doubled} doubled`);
    sum.lost += Math.abs(lost);
    sum.doubled += doubled;
  }
  return sum;
}
