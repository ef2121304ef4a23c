import { committed, proveResume } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { YEARS } from '../../src/mysql/years.js';
import { rangesOf } from '../ranges.js';
import { after, column, open, readStream, run } from './server.js';

it('guesses years that there are: those between 0000 and 1901 are none', () => {
  expect(YEARS.steps!('0000', '2155', 3)).toEqual(['1985', '2070']);
  expect(YEARS.steps!('0000', '1902', 4)).toEqual(['1901']);
  expect([YEARS.at('0000', '1901', 0.5), YEARS.at('0000', '2000', 0.5)]).toEqual([undefined, '1950']);
});

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: keys and cursors of years`, (server) => {
    it.each([
      ['alone', 'y YEAR', 'y', [0, 1901, 2000, 2155], 1],
      ['alone and many', 'y YEAR', 'y', [0, 1901, 1902, 1970, 1999, 2000, 2001, 2069, 2070, 2155], 1],
      ['before another column', 'y YEAR, n INT', 'y, n', [0, 1999, 2000], 20],
    ] as const)(
      'reads each row once, cut into chunks, with the year 0000: %s',
      async (name, columns, key, years, each) => {
        const table = `years_${name.replaceAll(' ', '_')}`;
        const rows = years.flatMap((year) => Array.from({ length: each }, (_, n) => (each > 1 ? [year, n] : [year])));
        // A number, so that 0 is the year 0000 and not 2000.
        await run(
          server(),
          `CREATE TABLE ${table} (${columns}, PRIMARY KEY (${key}))`,
          `INSERT INTO ${table} VALUES ${rows.map((row) => `(${row.join(',')})`).join(',')}`,
          `ANALYZE TABLE ${table}`,
        );
        const { connection } = await open(flavour, server(), {
          reading: { method: 'none', page_rows: 2, chunk_bytes: 20 },
          streams: [{ name: table }],
        });
        const load = await readStream(connection, table, { concurrency: 1 });
        expect(load.errors).toEqual([]);
        expect(column(load.sent, 'y')).toEqual(rows.map(([year]) => year));
        expect(rangesOf(load.sent).length).toBeGreaterThan(2);
        const first = await readStream(connection, table, { concurrency: 1, killAfter: 5 });
        const rest = await readStream(connection, table, after(first));
        const kept = column([...committed(first.sent), ...rest.sent], 'y') as number[];
        expect(kept.sort((a, b) => a - b)).toEqual(rows.map(([year]) => year));
        await proveResume(() => connection.streams, { concurrency: 3, step: 37 });
        await connection.close();
      },
    );

    it('follows by a year, also from 0000 on and with a look-back', async () => {
      await run(
        server(),
        'CREATE TABLE by_year (id INT PRIMARY KEY, c YEAR, INDEX (c))',
        'INSERT INTO by_year VALUES (1, 0)',
      );
      const follow = (lookback: number) =>
        open(flavour, server(), { reading: { page_rows: 3 }, streams: [{ name: 'by_year', cursor: 'c', lookback }] });
      const { connection } = await follow(0);
      const load = await readStream(connection, 'by_year');
      await run(server(), 'INSERT INTO by_year VALUES (2, 0), (3, 1901), (4, 1999), (5, 1999)');
      const more = await readStream(connection, 'by_year', after(load));
      expect(column(more.sent, 'id')).toEqual([2, 3, 4, 5]);
      await run(server(), 'INSERT INTO by_year VALUES (6, 1998), (7, 1999), (8, 2000)');
      const last = await readStream(connection, 'by_year', after(more));
      expect(column(last.sent, 'id')).toEqual([7, 8]);
      await connection.close();
      for (const [lookback, ids] of [
        [1, [4, 5, 7, 8]],
        [99, [3, 6, 4, 5, 7, 8]],
        [1990, [3, 6, 4, 5, 7, 8]],
        [2000, [1, 2, 3, 6, 4, 5, 7, 8]],
        [3000, [1, 2, 3, 6, 4, 5, 7, 8]],
      ] as const) {
        const wider = await follow(lookback);
        const again = await readStream(wider.connection, 'by_year', after(last));
        expect(again.errors).toEqual([]);
        expect(column(again.sent, 'id'), String(lookback)).toEqual(ids);
        await wider.connection.close();
      }
    });

    if (flavour === 'mariadb')
      it('reads a table by no key of years with two digits', async () => {
        await run(
          server(),
          'CREATE TABLE two_digits (y YEAR(2) PRIMARY KEY)',
          "INSERT INTO two_digits VALUES ('70'),('99'),('00'),('01'),('69')",
        );
        const { connection } = await open(flavour, server(), { reading: { method: 'none', page_rows: 2 } });
        const load = await readStream(connection, 'two_digits');
        expect(load.errors).toEqual([]);
        expect((column(load.sent, 'y') as number[]).sort((a, b) => a - b)).toEqual([0, 1, 69, 70, 99]);
        await connection.close();
      });

    it('refuses a position that is no year', async () => {
      await run(
        server(),
        'CREATE TABLE no_year (y YEAR PRIMARY KEY)',
        'INSERT INTO no_year VALUES (1990),(1991),(1992),(1993),(1994)',
      );
      const { connection } = await open(flavour, server(), { reading: { method: 'none', page_rows: 2 } });
      const first = await readStream(connection, 'no_year', { killAfter: 3 });
      const [[key, state]] = [...after(first).states] as [[string, Record<string, unknown>]];
      for (const year of ['13', '1078', '2156', '19.5']) {
        const changed = JSON.parse(JSON.stringify(state).replace('["1991"]', `["${year}"]`));
        const { errors } = await readStream(connection, 'no_year', { states: new Map([[key, changed]]) });
        expect(errors[0]?.message, year).toContain("a position of column 'y'");
      }
      await connection.close();
    });
  });
}
