import { committed, lastStates, rows, type Transcript } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import type { Address } from '../reading.js';
import { after, open, readStream, run } from './server.js';

const ROWS = 8;
/** Messages between two kills. */
const STEP = 4;

const filled = (table: string, from: number, n: number): string =>
  `INSERT INTO ${table} VALUES ${Array.from({ length: ROWS }, (_, i) => `(${from + i * 10}, ${n})`).join(',')}`;

/** What takes a table's rows away at once. The keys of the new ones are those of the old, lower or higher. */
const WAYS: Record<string, (table: string) => string[]> = {
  TRUNCATE: (table) => [`TRUNCATE TABLE ${table}`],
  'TRUNCATE, then the same keys': (table) => [`TRUNCATE TABLE ${table}`, filled(table, 0, 1)],
  'TRUNCATE, then lower and higher keys': (table) => [
    `TRUNCATE TABLE ${table}`,
    filled(table, -1_000, 1),
    filled(table, 1_000, 1),
  ],
  'DROP and CREATE': (table) => [`DROP TABLE ${table}`, `CREATE TABLE ${table} ${COLUMNS}`, filled(table, -55, 1)],
  'a RENAME of another one into its place': (table) => [
    `CREATE TABLE ${table}_next ${COLUMNS}`,
    filled(`${table}_next`, -55, 1),
    `RENAME TABLE ${table} TO ${table}_before, ${table}_next TO ${table}`,
  ],
};
const COLUMNS = '(id INT PRIMARY KEY, n INT)';

const pairs = (of: { record: Record<string, unknown> }[]): string[] =>
  of.map(({ record: { id, n } }) => `${id} ${n}`).sort();

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a table that is replaced while it is loaded`, (server) => {
    const reading = { page_rows: 2, method: 'none' as const };
    const truth = async (table: string) =>
      (await run(server(), `SELECT id, n FROM ${table}`)).map(({ id, n }) => `${id} ${n}`).sort();

    for (const [i, [what, statements]] of Object.entries(WAYS).entries()) {
      it(`${what}, between two attempts: killed after every k-th message, what is there is what comes`, async () => {
        for (let killAfter = 1; ; killAfter += STEP) {
          const table = `attempts_${i}_${killAfter}`;
          await run(server(), `CREATE TABLE ${table} ${COLUMNS}`, filled(table, 0, 0));
          const only = { streams: [{ name: table }], reading };
          const before = await open(flavour, server(), only);
          const first: Transcript = await readStream(before.connection, table, { killAfter });
          await before.connection.close();
          if (lastStates(first.sent).get(`tidemark\0${table}`)?.phase === 'done') break;
          await run(server(), ...statements(table));
          const { connection } = await open(flavour, server(), only);
          const second = await readStream(connection, table, after(first));
          await connection.close();
          expect(second.errors).toEqual([]);
          const kept = rows([...committed(first.sent), ...second.sent.filter((each) => each.kind !== 'state')]);
          expect(pairs(kept), `killed after ${killAfter} messages`).toEqual(await truth(table));
        }
      });
    }

    it('goes on where only its statistics, its rows or its indexes change', async () => {
      const table = 'kept';
      await run(server(), `CREATE TABLE ${table} ${COLUMNS}`, filled(table, 0, 0));
      const { connection } = await open(flavour, server(), { streams: [{ name: table }], reading });
      const first = await readStream(connection, table, { killAfter: 6 });
      await run(server(), `ANALYZE TABLE ${table}`, `DELETE FROM ${table}`, filled(table, 0, 0));
      await run(server(), `ALTER TABLE ${table} ADD INDEX (n)`, `ALTER TABLE ${table} ADD COLUMN more INT`);
      const second = await readStream(connection, table, after(first));
      await connection.close();
      expect(second.sent.filter((each) => each.kind === 'restart')).toEqual([]);
      expect(rows([...committed(first.sent), ...second.sent])).toHaveLength(ROWS);
    });

    it('goes on where partitions come and go, and begins anew where all of them were emptied', async () => {
      const table = 'parts of_a$';
      const name = `\`${table}\``;
      const partitions = [0, 1, 2].map((i) => `PARTITION p${i} VALUES LESS THAN (${i * 30 + 30})`);
      await run(
        server(),
        `CREATE TABLE ${name} ${COLUMNS} PARTITION BY RANGE (id) (${partitions.join()})`,
        filled(name, 0, 0),
        'CREATE TABLE `parts of_a` (id INT PRIMARY KEY)',
      );
      const { connection } = await open(flavour, server(), { streams: [{ name: table }], reading });
      const first = await readStream(connection, table, { killAfter: 3 });
      await run(
        server(),
        `ALTER TABLE ${name} ADD PARTITION (PARTITION p3 VALUES LESS THAN (120))`,
        `ALTER TABLE ${name} DROP PARTITION p0`,
        // Names that are like it.
        'TRUNCATE TABLE `parts of_a`',
      );
      const second = await readStream(connection, table, { ...after(first), killAfter: 3 });
      expect(second.sent.filter((each) => each.kind === 'restart')).toEqual([]);
      await run(server(), `TRUNCATE TABLE ${name}`, filled(name, 5, 1));
      const third = await readStream(connection, table, after(second));
      await connection.close();
      const sent = [...committed(first.sent), ...committed(second.sent), ...third.sent];
      expect(pairs(rows(sent.filter((each) => each.kind !== 'state')))).toEqual(await truth(name));
    });

    it('TRUNCATE, while chunks are read beside each other', async () => {
      const numbers = Array.from({ length: 100 }, (_, n) => `SELECT ${n} n`).join(' UNION ALL ');
      const fill = `INSERT INTO chunked SELECT a.n * 100 + b.n, 'x' FROM (${numbers}) a, (${numbers}) b`;
      await run(server(), 'CREATE TABLE chunked (id INT PRIMARY KEY, n CHAR(200))', fill, 'ANALYZE TABLE chunked');
      const { connection, logs } = await open(flavour, server(), {
        streams: [{ name: 'chunked' }],
        reading: { method: 'none', chunk_bytes: 300_000, page_rows: 500 },
      });
      const stream = connection.streams[0]!;
      let pages = 0;
      const watched = {
        ...connection,
        streams: [
          Object.assign(Object.create(stream), {
            describe: () => stream.describe(),
            open: async (...given: Parameters<typeof stream.open>) => {
              const opened = await stream.open(...given);
              return {
                ...opened,
                cursor: opened.cursor,
                async *read(...each: Parameters<typeof opened.read>) {
                  for await (const page of opened.read(...each)) {
                    if (++pages === 9)
                      await run(
                        server(),
                        'TRUNCATE TABLE chunked',
                        "INSERT INTO chunked VALUES (1, 'y'), (99999, 'y')",
                      );
                    yield page;
                  }
                },
              };
            },
          }),
        ],
      } as typeof connection;
      const { sent, errors } = await readStream(watched, 'chunked', { concurrency: 3 });
      await connection.close();
      expect(errors).toEqual([]);
      expect(pairs(rows(sent))).toEqual(['1 y', '99999 y']);
      expect(logs.join()).toContain('is another one now');
    });

    it('is seen by a user who may do nothing but read', async () => {
      const table = 'seen';
      await run(
        server(),
        `CREATE TABLE ${table} ${COLUMNS}`,
        filled(table, 0, 0),
        "CREATE USER 'only_reads'@'%' IDENTIFIED BY 'reads'",
        "GRANT SELECT ON tidemark.* TO 'only_reads'@'%'",
      );
      const reader: Address = { ...address(server()), user: 'only_reads', password: 'reads' };
      const { connection } = await open(flavour, reader, { streams: [{ name: table }], reading });
      const first = await readStream(connection, table, { killAfter: 6 });
      // What MariaDB shows to such a user has whole seconds.
      if (flavour === 'mariadb') await run(server(), 'SELECT SLEEP(1.1)');
      await run(server(), ...WAYS[flavour === 'mysql' ? 'TRUNCATE' : 'DROP and CREATE']!(table));
      const second = await readStream(connection, table, after(first));
      await connection.close();
      expect(second.errors).toEqual([]);
      expect(pairs(rows([...committed(first.sent), ...second.sent]))).toEqual(await truth(table));
    });
  });
}

function address({ host, port, user, password, database, url }: Address): Address {
  return { host, port, user, password, database, url };
}
