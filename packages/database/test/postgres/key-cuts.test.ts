import { committed, lastStates, proveResume, transcript } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, postgres, postgres18 } from '../../../../scripts/servers/vitest.mjs';
import { rangesOf, rowsOfRanges } from '../ranges.js';
import { column, open, readAll, run } from '../reading.js';

const ROWS = 3_000;

/** A user who has rights on columns only. */
const CUTTER = [
  "DO $$ BEGIN CREATE ROLE cutter LOGIN PASSWORD 'cutter'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
  'GRANT USAGE ON SCHEMA cuts TO cutter',
];

interface Key {
  columns: string;
  key: string[];
  /** The key of row `i`, all different. */
  row: string;
  /** The order is in the statistics only. */
  isKnownByStatistics?: true;
}

const KEYS: Record<string, Key> = {
  'evenly rising numbers': { columns: 'a int', key: ['a'], row: 'i' },
  'numbers that are nearly all small': {
    columns: 'a bigint',
    key: ['a'],
    row: 'CASE WHEN i < 2980 THEN i ELSE i * 1000000000000000 END',
  },
  'negative decimals': { columns: 'a numeric', key: ['a'], row: '-i * 1.000001' },
  floats: { columns: 'a float8', key: ['a'], row: 'i / 7.0 - 200', isKnownByStatistics: true },
  UUIDs: { columns: 'a uuid', key: ['a'], row: 'md5(i::text)::uuid' },
  bytes: { columns: 'a bytea', key: ['a'], row: `decode(md5(i::text), 'hex')` },
  'texts by their bytes': { columns: 'a text COLLATE "C"', key: ['a'], row: `chr(65 + i % 58) || i || ' '` },
  'texts of any case with accents': {
    columns: 'a text COLLATE "und-x-icu"',
    key: ['a'],
    row: `substr('aÄbéçZñøß', 1 + i % 9, 1) || substr(md5(i::text), 1, 4) || i`,
  },
  'texts in the order of the database': { columns: 'a varchar(80)', key: ['a'], row: `'user-' || md5(i::text)` },
  'texts with everything that has to be escaped': {
    columns: 'a text',
    key: ['a'],
    row: `E'{"\\\\ '' \\t,}' || md5(i::text)`,
  },
  'texts with spaces at their ends': {
    columns: 'a text',
    key: ['a'],
    row: `substr(md5((i / 4)::text), 1, 6) || i / 4 || repeat(' ', i % 4)`,
  },
  'texts filled up with spaces': { columns: 'a char(40)', key: ['a'], row: `md5(i::text)` },
  days: { columns: 'a date', key: ['a'], row: `CASE WHEN i = 1 THEN date '-infinity' ELSE date '1999-12-01' + i END` },
  'moments that come ever later': {
    columns: 'a timestamptz',
    key: ['a'],
    row: `timestamptz '2024-02-29 23:00:00.999999' + (i * i) * interval '1001 microseconds'`,
  },
  'addresses, which nobody guesses': {
    columns: 'a inet',
    key: ['a'],
    row: `'10.0.0.0'::inet + i * 77`,
    isKnownByStatistics: true,
  },
  'two columns, few values in the first': {
    columns: 'a text, b int',
    key: ['a', 'b'],
    row: `CASE i % 10 WHEN 0 THEN 'acme' WHEN 1 THEN 'çelik' ELSE 'Berg' END, i`,
  },
  'two columns, the first constant': { columns: 'a boolean, b text', key: ['a', 'b'], row: `true, md5(i::text)` },
  'three columns': {
    columns: 'a date, b boolean, c bigint',
    key: ['a', 'b', 'c'],
    row: `date '2024-01-01' + i % 4, i % 3 = 0, i::bigint * 1000003`,
  },
};

for (const kind of [postgres, postgres18]) {
  describeWith(kind, 'cutting tables that are read by their key', (server) => {
    const cases = Object.entries(KEYS).flatMap(([what, key]) => [
      [what, 'with statistics', key] as const,
      ...(key.isKnownByStatistics ? [] : [[what, 'without statistics', key] as const]),
    ]);

    it.each(cases)(
      '%s, %s: chunks beside each other, every row once, also after kills',
      async (what, statistics, given) => {
        const { columns, key, row } = given;
        await run(
          server(),
          'DROP SCHEMA IF EXISTS cuts CASCADE',
          'CREATE SCHEMA cuts',
          `CREATE TABLE cuts.t (${columns}, v int, filler text, PRIMARY KEY (${key.join(', ')})) WITH (autovacuum_enabled = off)`,
          `INSERT INTO cuts.t SELECT ${row}, i, repeat('x', 200) FROM generate_series(1, ${ROWS}) i`,
          ...(statistics === 'with statistics' ? ['ANALYZE cuts.t'] : []),
          // Who may read the columns but not the table cannot read by addresses of rows.
          ...CUTTER,
          `GRANT SELECT (${key.join(', ')}, v) ON cuts.t TO cutter`,
        );
        const user = { ...server(), user: 'cutter', password: 'cutter' };
        const { connection } = await open(user, {
          streams: [{ name: 't', namespace: 'cuts' }],
          reading: { chunk_bytes: 100_000, page_rows: 200, method: 'none' },
        });
        try {
          const numbers = (sent: readonly { kind: string }[]): number[] =>
            sent
              .flatMap((each) =>
                each.kind === 'record' ? [(each as unknown as { record: { v: number } }).record.v] : [],
              )
              .sort((a, b) => a - b);
          const truth = Array.from({ length: ROWS }, (_, i) => i + 1);
          const inOrder = await transcript(connection.streams, { concurrency: 1 });
          expect(inOrder.errors).toEqual([]);
          expect(numbers(inOrder.sent)).toEqual(truth);
          const rows = rowsOfRanges(inOrder.sent);
          expect(rows.length, JSON.stringify(rows)).toBeGreaterThan(4);
          // Even enough: no chunk has more than three times its share.
          const most = Math.max(...rows) / (ROWS / rows.length);
          if (statistics === 'with statistics') expect(most, `${what} ${JSON.stringify(rows)}`).toBeLessThan(3);
          // From a page on, by the ranges that its state has.
          const first = await transcript(connection.streams, { killAfter: 450 });
          expect(rangesOf(first.sent).length).toBeGreaterThan(4);
          const rest = await transcript(connection.streams, { concurrency: 3, states: lastStates(first.sent) });
          expect(numbers([...committed(first.sent), ...rest.sent])).toEqual(truth);
          await proveResume(() => connection.streams, { concurrency: 3, step: 1_303 });
        } finally {
          await connection.close();
        }
      },
    );

    it('does not look for cuts where every look would be a sort', async () => {
      await run(
        server(),
        'DROP SCHEMA IF EXISTS cuts CASCADE',
        'CREATE SCHEMA cuts',
        'CREATE TABLE cuts.t (a int PRIMARY KEY, v int, filler text)',
        // Its rows are the other's as well, and no index has them.
        'CREATE TABLE cuts.child () INHERITS (cuts.t)',
        `INSERT INTO cuts.t SELECT i, i, repeat('x', 200) FROM generate_series(1, 1000) i`,
        `INSERT INTO cuts.child SELECT i, i, repeat('x', 200) FROM generate_series(1001, 2000) i`,
        'ANALYZE cuts.t',
        ...CUTTER,
        'GRANT SELECT (a, v) ON cuts.t TO cutter',
      );
      const { connection } = await open(
        { ...server(), user: 'cutter', password: 'cutter' },
        {
          streams: [{ name: 't', namespace: 'cuts' }],
          reading: { chunk_bytes: 50_000, page_rows: 500, method: 'none' },
        },
      );
      const { sent, errors } = await transcript(connection.streams, { concurrency: 3 });
      await connection.close();
      expect(errors).toEqual([]);
      expect(sent.filter((each) => each.kind === 'record')).toHaveLength(2_000);
      expect(rangesOf(sent)).toHaveLength(1);
    });

    it('reads a table that was rewritten under it by its key, in chunks, and a killed one from where it was', async () => {
      await run(
        server(),
        'DROP SCHEMA IF EXISTS cuts CASCADE',
        'CREATE SCHEMA cuts',
        'CREATE TABLE cuts.t (a uuid PRIMARY KEY, v int, filler text)',
        `INSERT INTO cuts.t SELECT md5(i::text)::uuid, i, repeat('x', 200) FROM generate_series(1, 2000) i`,
      );
      const { connection } = await open(server(), {
        streams: [{ name: 't', namespace: 'cuts' }],
        reading: { chunk_bytes: 50_000, page_rows: 100, method: 'none' },
      });
      try {
        const onPage = async (page: number): Promise<void> => {
          if (page === 2) await run(server(), 'VACUUM FULL cuts.t');
        };
        const { sent, errors } = await readAll(connection, { concurrency: 1, onPage });
        expect(errors).toEqual([]);
        expect(
          column({ sent }, 'v')
            .map(Number)
            .sort((x, y) => x - y),
        ).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1));
        const states = sent.flatMap((each) => (each.kind === 'state' ? [each] : []));
        const byKey = states.filter(({ state }) => JSON.stringify(state).includes('"kind":"key"'));
        expect(rangesOf(byKey).length).toBeGreaterThan(4);
        await proveResume(() => connection.streams, {
          concurrency: 3,
          step: 499,
          states: new Map([['cuts\0t', byKey[2]!.state]]),
        });
      } finally {
        await connection.close();
      }
    });
  });
}
