// From PostgreSQL to JSON lines, beside psql's own COPY and beside other programs; memory when values are large; into DuckDB.
// TIDEMARK_BENCH_ROWS changes how many rows there are (five million; at most two million into DuckDB). With fewer the second or so
// that a start takes weighs more than the reading, and goals are missed by it.
// Contestants take turns and the best of each one's rounds counts: other work on the machine only ever adds to a figure.
import { printTable } from '../../scripts/demo/print-table.mjs';
import { postgresAvailable, startPostgres } from '../../scripts/servers/postgres.mjs';
import { atLeast, below, notMeasured } from '../goals.mjs';
import { round } from '../measure.mjs';
import { peer } from '../peers.mjs';
import { dlt, ingestr, psqlCopy, sling, tidemarkRead, tidemarkSync } from './contestants.mjs';
import { FEW, fill, MANY, WIDE } from './tables.mjs';

const ROUNDS_PSQL = 3;
const ROUNDS_PEERS = 3;
/** What is asked for: a part of psql's speed, times a peer's, and MB. */
const PSQL_SHARE = 0.5;
const TIMES = 3;
const MEGABYTES = 200;
/** Columns in binary that were never text: other work than writing lines, shown for the record. */
const IN_BINARY = 'dlt (connectorx) → Parquet';

export async function run() {
  const { ok, why } = postgresAvailable();
  if (!ok) return notMeasured('PostgreSQL to JSON lines', why);
  const server = await startPostgres({ settings: { shared_buffers: '256MB' } });
  try {
    fill(server);
    besidePsql(server);
    wide(server);
    besidePeers(server);
    intoDuckdb(server);
  } finally {
    await server.stop();
  }
}

function besidePsql(server) {
  psqlCopy(server, 'many'); // once for the caches
  const best = inTurns(ROUNDS_PSQL, {
    'psql COPY TO STDOUT': () => psqlCopy(server, 'many'),
    'tidemark read → JSON lines': () => tidemarkRead(server, 'many', MANY),
  });
  show(best, MANY);
  const [psql, ours] = Object.values(best);
  atLeast(PSQL_SHARE, psql.wall / ours.wall, `tidemark read beside psql's COPY of ${MANY} rows, wall time`);
  below(MEGABYTES, ours.megabytes, `memory of tidemark read, ${MANY} rows, MB`);
  process.stdout.write('\n');
}

function wide(server) {
  for (const [table, { rows, is }] of Object.entries(WIDE)) {
    const [psql, ours] = Object.values(
      inTurns(ROUNDS_PEERS, {
        psql: () => psqlCopy(server, table),
        tidemark: () => tidemarkRead(server, table, rows),
      }),
    );
    const times = `${round(ours.wall, 1)} s (${round(psql.wall / ours.wall, 2)} of psql's COPY), ${round(ours.cpu, 1)} s of CPU`;
    process.stdout.write(`${rows} values of ${is}: ${times}\n`);
    below(MEGABYTES, ours.megabytes, `memory of tidemark read, values of ${is}, MB`);
  }
  process.stdout.write('\n');
}

function besidePeers(server) {
  const byDlt = (kind) => (program) => dlt(program, server, 'many', MANY, { backend: 'connectorx', kind });
  const peers = {
    'sling → CSV': ['sling', (program) => sling(program, server, 'many', MANY)],
    'ingestr → CSV': ['ingestr', (program) => ingestr(program, server, 'many', MANY)],
    'dlt (connectorx) → CSV': ['dlt', byDlt('csv')],
    [IN_BINARY]: ['dlt', byDlt('parquet')],
  };
  const ours = () => tidemarkRead(server, 'many', MANY);
  compare(MANY, 'tidemark read → JSON lines', ours, peers, (ratio, name) => {
    if (name === IN_BINARY) return noGoal(ratio, name, 'tidemark read');
    atLeast(TIMES, ratio.wall, `${name} beside tidemark read, ${MANY} rows, wall time`);
    atLeast(TIMES, ratio.cpu, `${name} beside tidemark read, ${MANY} rows, CPU`);
  });
}

/** For the record: what is asked for is measured on an API (bench/sync). */
function intoDuckdb(server) {
  const by = (backend) => (program) => dlt(program, server, 'few', FEW, { backend, kind: 'duckdb' });
  const peers = {
    'dlt (connectorx) → DuckDB': ['dlt', by('connectorx')],
    'dlt (pyarrow) → DuckDB': ['dlt', by('pyarrow')],
  };
  const ours = () => tidemarkSync(server, 'few', FEW);
  compare(FEW, 'tidemark sync → DuckDB', ours, peers, (ratio, name) => noGoal(ratio, name, 'tidemark sync'));
}

function noGoal(ratio, name, ours) {
  const text = `${round(ratio.cpu, 2)} times the CPU and ${round(ratio.wall, 2)} times the wall time of ${ours}`;
  process.stdout.write(`no goal       ${name} takes ${text}\n`);
}

/** Our program beside others, which may be missing. `judge` gets each one's figures divided by ours. */
function compare(rows, name, ours, peers, judge) {
  const contestants = { [name]: ours };
  const missing = {};
  const failures = {};
  for (const [other, [program, measure]] of Object.entries(peers)) {
    const path = peer(program);
    if (!path) missing[other] = 'not installed (node bench/peers.mjs)';
    else contestants[other] = () => measure(path);
  }
  const best = inTurns(ROUNDS_PEERS, contestants, (other, error) => {
    if (other === name) throw error;
    failures[other] = error.message.slice(-600);
  });
  show(best, rows);
  const { [name]: own, ...others } = best;
  for (const [other, used] of Object.entries(others))
    judge({ wall: used.wall / own.wall, cpu: used.cpu / own.cpu }, other);
  for (const [other, why] of Object.entries(missing)) notMeasured(other, why, false);
  for (const [other, why] of Object.entries(failures)) notMeasured(other, `it failed: ${why}`, true);
  process.stdout.write('\n');
}

/** Runs contestants in turns; gives the least of each one's seconds and the most of its memory. A failed one is left out. */
function inTurns(rounds, contestants, onFailure) {
  const best = {};
  const left = { ...contestants };
  for (let i = 0; i < rounds; i++) {
    for (const [name, measure] of Object.entries(left)) {
      try {
        const { wall, cpu, megabytes } = measure();
        const before = best[name] ?? { wall: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY, megabytes: 0 };
        best[name] = {
          wall: Math.min(before.wall, wall),
          cpu: Math.min(before.cpu, cpu),
          megabytes: Math.max(before.megabytes, megabytes),
        };
      } catch (error) {
        if (!onFailure) throw error;
        onFailure(name, error);
        delete left[name];
        delete best[name];
      }
    }
  }
  return best;
}

function show(best, rows) {
  const lines = Object.entries(best).map(([name, { wall, cpu, megabytes }]) => [
    name,
    round(wall, 2),
    round(cpu, 2),
    Math.round(rows / wall),
    Math.round(rows / cpu),
    round(megabytes, 0),
  ]);
  printTable([`${rows} rows`, 'wall s', 'CPU s', 'rows/s', 'rows/CPU s', 'peak MB'], lines);
}
