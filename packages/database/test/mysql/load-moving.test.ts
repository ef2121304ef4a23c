import { proveResume, rows } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { readAll } from '../reading.js';
import { column, open, readStream, run } from './server.js';

const ROWS = 400;

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a full refresh of a table that changes`, (server) => {
    it.each([
      { name: 'one range', chunks: 1 << 30 },
      { name: 'chunks beside each other', chunks: 6_000 },
    ])(
      'in $name: what stays comes once; what moves comes from both places where it was, or from none',
      async ({ chunks }) => {
        const table = `moving_${chunks}`;
        await run(
          server(),
          `CREATE TABLE ${table} (id INT PRIMARY KEY, was INT, v INT, filler CHAR(60))`,
          `INSERT INTO ${table} VALUES ${Array.from({ length: ROWS }, (_, i) => `(${i * 10}, ${i * 10}, 0, 'x')`).join(',')}`,
          `ANALYZE TABLE ${table}`,
        );
        const { connection } = await open(flavour, server(), {
          streams: [{ name: table }],
          reading: { method: 'none', page_rows: 10, chunk_bytes: chunks },
        });
        /** Of every ten rows: 1 moves behind the end, 2 to the beginning, 3 is deleted, 4 is changed, before 5 one is inserted. */
        const of = (digit: number, page: number): string =>
          `was % 100 = ${digit * 10} AND was >= ${page * 120} AND was < ${page * 120 + 120}`;
        const last = ROWS * 10;
        const all = await readAll(connection, {
          concurrency: 3,
          onPage: async (page) => {
            await run(
              server(),
              `UPDATE ${table} SET id = id + ${last} WHERE ${of(1, page)}`,
              `UPDATE ${table} SET id = -1 - id WHERE id > 0 AND ${of(2, page)}`,
              `DELETE FROM ${table} WHERE ${of(3, page)}`,
              `UPDATE ${table} SET v = 1 WHERE ${of(4, page)}`,
              // Read already, where there is one range, and moved to where nothing was read yet.
              `UPDATE ${table} SET id = id + 2003 WHERE id = ${page * 100 - 40} AND id < 1900`,
              `INSERT IGNORE INTO ${table} SELECT id - 5, -1, 0, 'y' FROM ${table} WHERE ${of(5, page)}`,
            );
          },
        });
        await connection.close();
        expect(all.errors).toEqual([]);
        const sent = rows(all.sent).map(({ record }) => record as { id: number; was: number });
        // No key twice: whatever happened, two rows of one key are no state that the table ever had at once.
        expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
        const times = new Map<number, number>();
        for (const { was } of sent) times.set(was, (times.get(was) ?? 0) + 1);
        for (let was = 0; was < last; was += 10) {
          const digit = (was / 10) % 10;
          const count = times.get(was) ?? 0;
          // Behind the end that was looked up once, or in front of what was read, it is not looked for again.
          if ([1, 2, 3].includes(digit)) expect([0, 1], `${was}`).toContain(count);
          else if (digit === 6) expect([1, 2], `${was}`).toContain(count);
          else expect([was, count]).toEqual([was, 1]);
        }
        const missed = [1, 2, 3].map((digit) => sent.filter(({ was }) => (was / 10) % 10 === digit).length);
        for (const count of missed) expect(count).toBeLessThan(ROWS / 10);
        if (chunks > ROWS * 100) expect([...times.values()].filter((count) => count === 2)).toHaveLength(19);
      },
    );

    it('a unique key that may be null is not paged by: killed after every row, rows without it come once each', async () => {
      await run(
        server(),
        'CREATE TABLE nullable_key (u INT UNIQUE, v INT)',
        `INSERT INTO nullable_key VALUES ${Array.from({ length: 14 }, (_, i) => `(${i % 3 ? i : 'NULL'}, ${i})`).join(',')}`,
        'CREATE TABLE nullable_part (a INT NOT NULL, b INT, v INT, UNIQUE KEY (a, b))',
        `INSERT INTO nullable_part VALUES ${Array.from({ length: 14 }, (_, i) => `(1, ${i % 3 ? i : 'NULL'}, ${i})`).join(',')}`,
      );
      const wanted = Array.from({ length: 14 }, (_, i) => i);
      for (const name of ['nullable_key', 'nullable_part']) {
        const { connection } = await open(flavour, server(), {
          streams: [{ name }],
          reading: { method: 'none', page_rows: 3 },
        });
        const described = await connection.streams[0]!.describe();
        expect([described.source_defined_primary_key, described.is_resumable]).toEqual([[], false]);
        const whole = await readStream(connection, name);
        expect((column(whole.sent, 'v') as number[]).sort((a, b) => a - b)).toEqual(wanted);
        expect(await proveResume(() => connection.streams)).toBeGreaterThan(14);
        await connection.close();
      }
    });

    it.each([
      ['negative numbers', 'k BIGINT', ['-9223372036854775808', '-1', '0', '9223372036854775807', '-9007199254740993']],
      [
        'texts of a fixed length',
        'k CHAR(6) COLLATE utf8mb4_bin',
        ["'a'", "'ab'", "'a b'", "''", "'zz'", "'A'", "'é'"],
      ],
      ['bytes of a fixed length', 'k BINARY(4)', ["x'00'", "x'20'", "x'0020'", "x'ff'", "x'ffffffff'", "x'61'"]],
      ['years', 'k YEAR', ['1901', '2155', '2024', '1999', '2000']],
      [
        'times with a sign',
        'k TIME(3)',
        ["'-838:59:59'", "'-00:00:00.001'", "'00:00:00'", "'00:00:00.001'", "'838:59:59'"],
      ],
    ])('goes on after any kill with a key of %s, in pages of one row and of two', async (name, definition, values) => {
      const table = `more_${name.replaceAll(' ', '_')}`;
      await run(
        server(),
        `CREATE TABLE ${table} (${definition} PRIMARY KEY, n INT) CHARACTER SET utf8mb4`,
        `INSERT INTO ${table} VALUES ${values.map((value, i) => `(${value}, ${i})`).join(',')}`,
      );
      for (const page_rows of [1, 2]) {
        const { connection } = await open(flavour, server(), {
          streams: [{ name: table }],
          reading: { method: 'none', page_rows },
        });
        const whole = await readStream(connection, table);
        expect((column(whole.sent, 'n') as number[]).sort()).toEqual(values.map((_, i) => i));
        expect(await proveResume(() => connection.streams)).toBeGreaterThan(values.length);
        await connection.close();
      }
    });
  });
}
