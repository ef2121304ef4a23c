import { committed } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { after, column, open, readStream, run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: following by texts that are equal and written differently`, (server) => {
    const open3 = (table: string) =>
      open(flavour, server(), { reading: { page_rows: 3 }, streams: [{ name: table, cursor: 'c' }] });

    it.each([
      ['utf8mb4', 'utf8mb4_general_ci'],
      ['utf8mb4', 'utf8mb4_unicode_ci'],
      ['latin1', 'latin1_swedish_ci'],
      ['utf16', 'utf16_general_ci'],
    ])('brings no row twice and none never: %s, %s', async (charset, collation) => {
      const table = `equal_${collation}`;
      await run(
        server(),
        `CREATE TABLE ${table} (id INT PRIMARY KEY, c VARCHAR(20) CHARACTER SET ${charset} COLLATE ${collation}, INDEX (c))`,
        `INSERT INTO ${table} VALUES (1,'a'),(2,'A'),(3,'á'),(4,'b'),(5,'B')`,
      );
      const { connection } = await open3(table);
      const load = await readStream(connection, table);
      expect(column(load.sent, 'id')).toEqual([1, 2, 3, 4, 5]);
      let last = await readStream(connection, table, after(load));
      expect([last.errors, column(last.sent, 'id')]).toEqual([[], []]);
      const add = async (...rows: string[]): Promise<unknown[]> => {
        if (rows.length > 0) await run(server(), `INSERT INTO ${table} VALUES ${rows.join(',')}`);
        last = await readStream(connection, table, after(last));
        expect(last.errors).toEqual([]);
        return column(last.sent, 'id');
      };
      expect(await add()).toEqual([]);
      // One at the very value of the mark, of a lower key than the others; then more than a page of another value.
      expect(await add("(0,'B')", "(6,'b')")).toEqual([0, 6]);
      expect(await add()).toEqual([]);
      expect(await add("(7,'c')", "(8,'C')", "(9,'c')", "(10,'c ')", "(11,'Ç')", "(12,'a')")).toEqual([
        7, 8, 9, 10, 11,
      ]);
      expect(await add()).toEqual([]);
      expect(await add("(13,'C')", "(14,'d')", "(15,'it''s \\\\')", "(16,'IT''S \\\\')")).toEqual([13, 14, 15, 16]);
      expect(await add("(17,'It''s \\\\')")).toEqual([17]);
      expect(await add()).toEqual([]);
      await connection.close();
    });

    it('still takes what no collation makes equal for different', async () => {
      await run(
        server(),
        'CREATE TABLE exact (id INT PRIMARY KEY, c VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, INDEX (c))',
        "INSERT INTO exact VALUES (1,'B'),(2,'b')",
      );
      const { connection } = await open3('exact');
      const load = await readStream(connection, 'exact');
      await run(server(), "INSERT INTO exact VALUES (3,'b'),(4,'c'),(5,'B')");
      const more = await readStream(connection, 'exact', after(load));
      expect(column(more.sent, 'id')).toEqual([3, 4]);
      // A row whose value has risen to that of the mark.
      await run(server(), "UPDATE exact SET c = 'c' WHERE id = 3");
      const risen = await readStream(connection, 'exact', after(more));
      expect(column(risen.sent, 'id')).toEqual([3]);
      await connection.close();
    });

    it('goes on after any kill inside a group of equal texts', async () => {
      await run(
        server(),
        'CREATE TABLE killed_equal (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, INDEX (c))',
        "INSERT INTO killed_equal VALUES (1,'a')",
      );
      const { connection } = await open3('killed_equal');
      const load = await readStream(connection, 'killed_equal');
      const wanted = Array.from({ length: 11 }, (_, i) => i + 2);
      const rows = wanted.map((id, i) => `(${id}, '${['x', 'X', 'y', 'Y'][(i >> 3) * 2 + (i % 2)]}')`);
      await run(server(), `INSERT INTO killed_equal VALUES ${rows.join(',')}`);
      for (let killAfter = 1; killAfter < 16; killAfter++) {
        const first = await readStream(connection, 'killed_equal', { ...after(load), killAfter });
        const states = after(first).states.size > 0 ? after(first) : after(load);
        const second = await readStream(connection, 'killed_equal', states);
        expect(column([...committed(first.sent), ...second.sent], 'id')).toEqual(wanted);
        expect(column((await readStream(connection, 'killed_equal', after(second))).sent, 'id')).toEqual([]);
      }
      await connection.close();
    });
  });
}
