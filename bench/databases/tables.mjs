// What is read: rows of about 110 bytes in 8 columns, and rows that are large in ways that differ for the server.
import { execFileSync } from 'node:child_process';

export const MANY = Number(process.env.TIDEMARK_BENCH_ROWS ?? 5_000_000);
/** For what goes into DuckDB: enough that a start of a second or two is a small part of the time. */
export const FEW = Math.min(MANY, 2_000_000);

/** Tables of large values: their rows and what is in one. */
export const WIDE = {
  wide_10k: { rows: 40_000, is: '10 kB, compressed', storage: 'EXTENDED', md5s: 313 },
  wide_1m: { rows: 400, is: '1 MB, compressed', storage: 'EXTENDED', md5s: 32_768 },
  wide_1m_plain: { rows: 400, is: '1 MB, as it is', storage: 'EXTERNAL', md5s: 32_768 },
};

export function fill(server) {
  const run = (text) =>
    execFileSync('psql', [server.url, '-q', '-c', text], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const [table, rows] of Object.entries({ many: MANY, few: FEW })) {
    run(`CREATE TABLE ${table} (id bigint, created_at timestamptz, name text, status text, note text, amount numeric(14,2), items int,
      extra jsonb)`);
    run(`INSERT INTO ${table} SELECT i, timestamptz '2024-01-01' + i * interval '1.000001 second', 'Customer number ' || i,
      (ARRAY['open', 'shipped', 'returned'])[1 + i % 3], CASE WHEN i % 5 <> 0 THEN 'Left at the door, ' || (i % 97) || ' steps' END,
      i * 1.25, i % 90, jsonb_build_object('a', i % 10, 'tag', 'x' || (i % 7)) FROM generate_series(1, ${rows}) AS i`);
    run(`ALTER TABLE ${table} ADD PRIMARY KEY (id)`);
  }
  for (const [table, { rows, storage, md5s }] of Object.entries(WIDE)) {
    run(`CREATE TABLE ${table} (id int PRIMARY KEY, body text)`);
    run(`ALTER TABLE ${table} ALTER body SET STORAGE ${storage}`);
    run(`INSERT INTO ${table} SELECT i, repeat(md5(i::text), ${md5s}) FROM generate_series(1, ${rows}) AS i`);
  }
  run('VACUUM ANALYZE');
}
