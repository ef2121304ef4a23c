import { committed } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { rangesOf } from '../ranges.js';
import { after, column, open, readStream, run } from './server.js';

/** In their order: what a server keeps with ALLOW_INVALID_DATES, or did before it became strict. */
const DAYS = [
  '0000-00-00',
  '0000-00-05',
  '0000-01-01',
  '2024-00-00',
  '2024-02-00',
  '2024-02-01',
  '2024-02-29',
  '2024-02-30',
  '2024-02-31',
  '2024-03-01',
  '2025-04-31',
  '9999-12-31',
];
const IDS = DAYS.map((_, i) => i);

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: dates that are none`, (server) => {
    it.each([
      ['DATE', (day: string) => day, DAYS],
      ['DATETIME(3)', (day: string) => `${day} 01:02:03.456`, DAYS],
      ['DATETIME', (day: string) => day, DAYS],
      ['TIMESTAMP(2)', (day: string) => day, ['0000-00-00', '2024-02-29', '2024-03-01', '2024-03-02', '2024-03-03']],
    ] as const)('can be keys, whole and in chunks: %s', async (type, value, days) => {
      const name = `keys_${type.replace(/\W/g, '_')}`;
      const rows = days.flatMap((day, i) => [0, 1].map((n) => `('${value(day)}', ${n}, ${2 * i + n})`));
      await run(
        server(),
        `CREATE TABLE ${name} (k ${type} NOT NULL, n INT, id INT, PRIMARY KEY (k, n))`,
        `INSERT INTO ${name} VALUES ${rows.join(',')}`,
        `ANALYZE TABLE ${name}`,
      );
      const ids = rows.map((_, i) => i);
      for (const chunk_bytes of [1_000_000, 1_000]) {
        const { connection } = await open(flavour, server(), {
          reading: { method: 'none', page_rows: 2, chunk_bytes },
          streams: [{ name }],
        });
        const load = await readStream(connection, name, { concurrency: 1 });
        expect([load.errors, column(load.sent, 'id')]).toEqual([[], ids]);
        if (chunk_bytes < 1_000_000) expect(rangesOf(load.sent).length).toBeGreaterThan(2);
        for (let killAfter = 1; killAfter < load.sent.length; killAfter += 7) {
          const first = await readStream(connection, name, { concurrency: 1, killAfter });
          const rest = await readStream(connection, name, after(first));
          const kept = column([...committed(first.sent), ...rest.sent], 'id') as number[];
          expect(kept.sort((a, b) => a - b)).toEqual(ids);
        }
        await connection.close();
      }
    });

    it.each(['DATE', 'DATETIME', 'DATETIME(6)'])('can be cursors, also with a look-back: %s', async (type) => {
      const name = `cursor_${type.replace(/\W/g, '_')}`;
      await run(server(), `CREATE TABLE ${name} (id INT PRIMARY KEY, c ${type}, INDEX (c))`);
      const follow = (lookback: number) =>
        open(flavour, server(), { reading: { page_rows: 3 }, streams: [{ name, cursor: 'c', lookback }] });
      for (const lookback of [0, 60]) {
        await run(server(), `DELETE FROM ${name}`, `INSERT INTO ${name} VALUES (0, '${DAYS[0]}')`);
        const { connection } = await follow(lookback);
        let last = await readStream(connection, name);
        expect([last.errors, column(last.sent, 'id')]).toEqual([[], [0]]);
        const brought = new Set<unknown>([0]);
        for (const id of IDS.slice(1)) {
          await run(server(), `INSERT INTO ${name} VALUES (${id}, '${DAYS[id]}')`);
          last = await readStream(connection, name, after(last));
          expect(last.errors).toEqual([]);
          const ids = column(last.sent, 'id');
          expect(ids).toContain(id);
          if (lookback === 0) expect(ids).toEqual([id]);
          for (const each of ids) brought.add(each);
        }
        expect([...brought]).toEqual(IDS);
        await connection.close();
      }
    });
  });
}
