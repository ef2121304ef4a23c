import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseCopy } from './database-copy.mjs';
import { engines } from './engines.mjs';
import { killAndResume, PATIENCE_MS, verdict } from './kills.mjs';
import { random } from './random.mjs';
import { firstTick } from './sql-tables.mjs';

/**
 * The ways of reading. `rows` of each table; `changing`: the tables change while they are read; `only`: not before the first job
 * is complete. `mode` of each table's stream, `cursors` of the manifest.
 */
const WAYS = {
  // Each job adds every row once.
  load: { rows: 800, mode: () => ['full_refresh', 'append'], cursors: { method: 'none' } },
  // Kept equal to the server's tables, the load and what changes meanwhile read by turns.
  log: {
    rows: 400,
    changing: true,
    mode: () => ['incremental', 'append_dedup'],
    cursors: { method: 'log', log_load_seconds: 0.2 },
  },
  // A load's rows that are changed while it runs come again, by design: in `append` that would be counted as doubled.
  cursor: {
    rows: 2000,
    changing: true,
    only: true,
    mode: (table) => ['incremental', table === 'steps' ? 'append' : 'append_dedup'],
    cursors: { method: 'cursor' },
  },
};
/** One of so many kills falls before the program's first word … */
const EARLY = 4;
/** … and one of so many attempts has a table rewritten under it. */
const REWRITES = 3;
/** After a comparison, one of so many copies is thrown away, so that kills hit loads again. */
const ANEW = 2;

/** Kills syncs of databases at seeded moments and compares what came with the server. Returns the exit code. */
export async function run({ kills, seed, engine, way }) {
  for (const [name, known] of [
    [engine, engines],
    [way, WAYS],
  ])
    if (name !== undefined && !Object.hasOwn(known, name)) {
      console.error(`There is no '${name}': it is one of ${Object.keys(known).join(', ')}.`);
      return 2;
    }
  const names = engine === undefined ? Object.keys(engines) : [engine];
  const runs = names.flatMap((name) =>
    (way === undefined ? Object.keys(WAYS) : [way]).map((each) => ({ name, way: each })),
  );
  const total = { kills: 0, lost: 0, doubled: 0, failures: [] };
  for (const [index, { name, way: each }] of runs.entries()) {
    const share = Math.floor(kills / runs.length) + (index < kills % runs.length ? 1 : 0);
    if (share === 0) continue;
    const begun = Date.now();
    const sum = await inPlace(name, each, (server, copy) => torture(server, copy, WAYS[each], share, seed + index));
    for (const key of ['kills', 'lost', 'doubled']) total[key] += sum[key];
    total.failures.push(...sum.failures);
    const seconds = Math.round((Date.now() - begun) / 1000);
    console.log(`${name}, ${each}: ${verdict(sum)} over ${sum.jobs} complete jobs (${seconds} s)`);
  }
  for (const failure of total.failures) console.error(`An attempt that was not killed failed:\n${failure}`);
  console.log(verdict(total));
  return total.lost + total.doubled + total.failures.length === 0 ? 0 : 1;
}

/** A server with the tables of a way of reading, and where their copies go. */
async function inPlace(name, way, work) {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-torture-'));
  const { rows, mode, cursors } = WAYS[way];
  const server = await engines[name].start();
  try {
    server.wanted = server[way];
    for (const table of server.wanted) await server.tables.create(table, rows);
    if (way === 'log') await server.beforeLog?.();
    const streams = server.wanted.map((table) => {
      const [sync_mode, destination_sync_mode] = mode(table);
      const byCursor = way === 'cursor' ? { cursor_field: ['at'] } : {};
      return { name: table, sync_mode, destination_sync_mode, ...byCursor };
    });
    return await work(server, new DatabaseCopy({ folder, server, streams, cursors }));
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function torture(server, copy, way, kills, seed) {
  const next = random(seed);
  const changes = { tick: firstTick(way.rows), rewrites: 0, rows: way.rows, added: way.rows };
  // How long an undisturbed job takes on this machine today, into a file that is thrown away.
  const first = await copy.sync({ ms: PATIENCE_MS });
  if (!first.ok) return { kills: 0, jobs: 0, lost: 0, doubled: 0, failures: [first.said] };
  await copy.discard();

  const attempt = async ({ ms, seed: dice }) => {
    const stop = new AbortController();
    const mayChange = way.changing && !(way.only && (await copy.jobs()) === 0);
    const changing = mayChange ? change(server, next, changes, stop.signal) : undefined;
    const rewriting = server.rewrite && next() < 1 / REWRITES ? rewrite(server, next, changes, ms) : undefined;
    const isEarly = ms < PATIENCE_MS && dice % EARLY === 0;
    try {
      return await copy.sync(isEarly ? { ms: first.silentMs * (0.3 + 0.8 * next()), fromStart: true } : { ms });
    } finally {
      stop.abort();
      await changing;
      await rewriting;
    }
  };
  // Jobs of copies that were thrown away count, those of comparisons do not.
  const jobs = { before: 0, compared: 0 };
  const finishedJobs = async () => jobs.before + (await copy.jobs()) - jobs.compared;
  const verify = async () => {
    if (!way.changing) return copy.compare(await copy.jobs());
    // Left alone, it is read once more: then all must be there.
    const quiet = await copy.sync({ ms: PATIENCE_MS });
    if (!quiet.ok) throw new Error(`The sync that is compared failed:\n${quiet.said}`);
    jobs.compared++;
    const sum = await copy.compare(1);
    if (next() < 1 / ANEW) {
      jobs.before = await finishedJobs();
      jobs.compared = 0;
      await copy.discard();
    }
    return sum;
  };
  return killAndResume({ kills, seed, span: first.ms * 1.6, attempt, finishedJobs, verify });
}

/** Gives the rows of a table other places, at a moment that the attempt is likely to reach. */
async function rewrite(server, next, changes, ms) {
  const table = server.wanted[Math.floor(next() * server.wanted.length)];
  await new Promise((resolve) => setTimeout(resolve, next() * Math.min(ms, 3000)));
  await server.rewrite(table, changes.rewrites++);
}

/** Changes the tables until it is told to stop. */
async function change({ wanted, tables, pauseMs = 0 }, next, changes, signal) {
  for (; !signal.aborted; ) {
    const table = wanted[Math.floor(next() * wanted.length)];
    const number = Math.floor(next() * changes.rows * 1.2);
    const about = { n: Math.floor(next() * 1e9), tick: ++changes.tick };
    const dice = next();
    // A key that is taken is refused.
    const tried = (work) => work.catch(() => undefined);
    if (table === 'steps' || (table === 'rising' && dice < 0.5)) {
      // Several rows of one value, and later ones with the same.
      const from = changes.added + 1;
      changes.added += 3;
      if (dice < 0.3) changes.tick--;
      await tried(tables.insert(table, [from, from + 1, from + 2], about));
    } else if (table === 'rising' || dice < 0.3) await tables.update(table, number, about);
    else if (dice < 0.5 && tables.remove) await tables.remove(table, number);
    else if (dice < 0.6 && tables.move) await tried(tables.move(table, number, number + 100_000));
    else await tried(tables.insert(table, [number], about));
    await new Promise((resolve) => setTimeout(resolve, pauseMs + 5 + next() * 20));
  }
}
