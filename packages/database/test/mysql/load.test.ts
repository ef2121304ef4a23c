import { proveResume } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { rangesOf } from '../ranges.js';
import { after, column, open, readStream, run } from './server.js';

/** Pages of three rows: every test meets many of them. */
const SMALL = { page_rows: 3, method: 'none' as const };

/** A key type, and the values of its rows in no particular order. */
const KEYS: Record<string, { definition: string; key: string; rows: string[]; only?: 'mysql' | 'mariadb' }> = {
  int: { definition: 'k INT', key: 'k', rows: ['5', '-3', '0', '7', '2147483647', '12', '11'] },
  'unsigned bigint beyond 2^53': {
    definition: 'k BIGINT UNSIGNED',
    key: 'k',
    rows: ['9007199254740993', '9007199254740992', '18446744073709551615', '18446744073709551614', '0', '1', '2'],
  },
  decimal: {
    definition: 'k DECIMAL(30,10)',
    key: 'k',
    rows: ['1.0000000001', '1.0000000002', '99999999999999999999.9999999999', '-5.5', '0', '2', '10'],
  },
  'text, any case': {
    definition: 'k VARCHAR(40) COLLATE utf8mb4_general_ci',
    key: 'k',
    rows: ["'b'", "'A'", "'c''d'", "'C\\\\e'", "'Ω'", "''", "'z%'", "'🙂'"],
  },
  'text in latin1': {
    definition: 'k VARCHAR(40) CHARACTER SET latin1',
    key: 'k',
    rows: ["'ä'", "'a'", "'ö'", "'z'", "'é'", "'b'"],
  },
  binary: {
    definition: 'k VARBINARY(20)',
    key: 'k',
    rows: ["x'00'", "x'00ff'", "x'ff'", "x'27'", "x''", "x'5c'", "x'80'"],
  },
  datetime: {
    definition: 'k DATETIME(6)',
    key: 'k',
    rows: [
      "'2024-01-01 00:00:00.000001'",
      "'2024-01-01 00:00:00.000002'",
      "'1000-01-01'",
      "'9999-12-31 23:59:59.999999'",
      "'2024-01-01'",
    ],
  },
  timestamp: {
    definition: 'k TIMESTAMP(3) NOT NULL',
    key: 'k',
    rows: ["'2024-03-31 01:30:00'", "'2024-03-31 02:30:00'", "'1970-01-01 00:00:01'", "'2024-03-31 02:30:00.123'"],
  },
  date: {
    definition: 'k DATE',
    key: 'k',
    rows: ["'2024-02-29'", "'1000-01-01'", "'2023-12-31'", "'2024-03-01'", "'2025-01-01'"],
  },
  time: {
    definition: 'k TIME(6)',
    key: 'k',
    rows: ["'-838:59:59'", "'00:00:00.000001'", "'12:00:00'", "'838:59:59'", "'00:00:00'"],
  },
  'enum, by its own order': {
    definition: "k ENUM('z','m','a','q','b')",
    key: 'k',
    rows: ["'a'", "'b'", "'m'", "'q'", "'z'"],
  },
  bit: { definition: 'k BIT(9)', key: 'k', rows: ["b'1'", "b'111111111'", "b'0'", "b'100000000'", "b'10'"] },
  'two columns': {
    definition: 'a INT, b VARCHAR(10)',
    key: 'a, b',
    rows: ["1, 'x'", "1, 'y'", "1, 'z'", "1, 'zz'", "2, 'a'", "2, 'b'", "0, ''", "3, 'a'"],
  },
  'two columns, the first constant': {
    definition: 'a INT, b INT',
    key: 'a, b',
    rows: Array.from({ length: 10 }, (_, i) => `1, ${i}`),
  },
  'three columns': {
    definition: 'a DATE, b INT, c VARCHAR(5)',
    key: 'a, b, c',
    rows: [
      "'2024-01-01', 1, 'a'",
      "'2024-01-01', 1, 'b'",
      "'2024-01-01', 2, 'a'",
      "'2024-01-02', 1, 'a'",
      "'2024-01-02', 1, 'b'",
    ],
  },
  uuid: {
    definition: 'k UUID',
    key: 'k',
    only: 'mariadb',
    rows: [
      "'123e4567-e89b-12d3-a456-426614174000'",
      "'00000000-0000-0000-0000-000000000000'",
      "'ffffffff-e89b-12d3-a456-426614174000'",
      "'123e4567-e89b-12d3-a456-426614174001'",
    ],
  },
};

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: loading tables`, (server) => {
    const cases = Object.entries(KEYS).filter(([, { only }]) => only === undefined || only === flavour);

    it.each(cases)('goes on after any kill with a key of %s', async (name, { definition, key, rows }) => {
      const table = `k_${name.replace(/\W/g, '_')}`;
      await run(
        server(),
        `CREATE TABLE ${table} (${definition}, payload VARCHAR(20), PRIMARY KEY (${key}))`,
        ...rows.map((row, i) => `INSERT INTO ${table} VALUES (${row}, 'row ${i}')`),
      );
      const { connection } = await open(flavour, server(), { reading: SMALL });
      const whole = await readStream(connection, table);
      expect(whole.errors).toEqual([]);
      expect(new Set(column(whole.sent, 'payload')).size).toBe(rows.length);
      expect(column(whole.sent, 'payload')).toHaveLength(rows.length);
      const kills = await proveResume(() => connection.streams.filter((stream) => stream.name === table));
      expect(kills).toBeGreaterThan(rows.length);
      await connection.close();
      // In as many chunks as there can be.
      const cut = await open(flavour, server(), { reading: { ...SMALL, page_rows: 1, chunk_bytes: 1 } });
      const inChunks = await readStream(cut.connection, table, { concurrency: 1 });
      expect(rangesOf(inChunks.sent).length).toBeGreaterThan(2);
      await proveResume(() => cut.connection.streams.filter((stream) => stream.name === table), { concurrency: 2 });
      await cut.connection.close();
    });

    it.each([0, 1, 3, 6])('reads a table of %i rows, and a resumed one to its end', async (count) => {
      const table = `rows_${count}`;
      await run(server(), `CREATE TABLE ${table} (id INT PRIMARY KEY)`);
      if (count > 0)
        await run(
          server(),
          `INSERT INTO ${table} VALUES ${Array.from({ length: count }, (_, i) => `(${i})`).join(',')}`,
        );
      const { connection } = await open(flavour, server(), { reading: SMALL });
      const first = await readStream(connection, table);
      expect(column(first.sent, 'id')).toHaveLength(count);
      expect(column((await readStream(connection, table, after(first))).sent, 'id')).toEqual([]);
      await proveResume(() => connection.streams.filter((stream) => stream.name === table));
      await connection.close();
    });

    it('reads anew when the collation of its key has changed', async () => {
      await run(
        server(),
        'CREATE TABLE collated (id VARCHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY)',
        "INSERT INTO collated VALUES ('a'),('B'),('c'),('D'),('e'),('F')",
      );
      const settings = { reading: { method: 'none' as const, page_rows: 2 } };
      const before = await open(flavour, server(), settings);
      const first = await readStream(before.connection, 'collated', { killAfter: 3 });
      expect(column(first.sent, 'id')).toEqual(['a', 'B']);
      await before.connection.close();
      // By their bytes, capitals come first: all of them lie in front of the position.
      await run(server(), 'ALTER TABLE collated MODIFY id VARCHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
      const { connection, logs } = await open(flavour, server(), settings);
      const second = await readStream(connection, 'collated', after(first));
      expect(second.errors).toEqual([]);
      expect(column(second.sent, 'id')).toEqual(['B', 'D', 'F', 'a', 'c', 'e']);
      expect(second.sent.filter(({ kind: each }) => each === 'restart')).toHaveLength(1);
      expect(logs.join()).toContain('its key was ordered by utf8mb4_general_ci and is by utf8mb4_bin now');
      await connection.close();
    });

    it('has the streams that are named, and no other', async () => {
      await run(server(), 'CREATE TABLE named (id INT PRIMARY KEY)', 'CREATE TABLE not_named (id INT PRIMARY KEY)');
      const named = await open(flavour, server(), { streams: [{ name: 'named' }] });
      expect(named.connection.streams.map(({ name }) => name)).toEqual(['named']);
      await named.connection.close();
      const all = await open(flavour, server());
      expect(all.connection.streams.map(({ name }) => name)).toEqual(expect.arrayContaining(['named', 'not_named']));
      await all.connection.close();
    });

    it('does not run after rows that come behind its end while it reads', async () => {
      await run(
        server(),
        'CREATE TABLE growing (id INT PRIMARY KEY)',
        'INSERT INTO growing VALUES (1),(2),(3),(4),(5)',
      );
      const { connection } = await open(flavour, server(), { reading: SMALL });
      const first = await readStream(connection, 'growing', { killAfter: 4 });
      await run(server(), 'INSERT INTO growing VALUES (6),(7)', 'DELETE FROM growing WHERE id = 4');
      const second = await readStream(connection, 'growing', after(first));
      expect([...column(first.sent, 'id'), ...column(second.sent, 'id')]).toEqual([1, 2, 3, 5]);
      await connection.close();
    });

    it('cuts a large table with a whole number as its key into chunks that are read beside each other', async () => {
      await run(
        server(),
        'CREATE TABLE large (id INT PRIMARY KEY, filler CHAR(200))',
        `INSERT INTO large SELECT a.n * 100 + b.n, 'x' FROM
          (${Array.from({ length: 100 }, (_, i) => `SELECT ${i} n`).join(' UNION ALL ')}) a,
          (${Array.from({ length: 100 }, (_, i) => `SELECT ${i} n`).join(' UNION ALL ')}) b`,
        'ANALYZE TABLE large',
      );
      const { connection } = await open(flavour, server(), {
        reading: { method: 'none', chunk_bytes: 300_000, page_rows: 500 },
      });
      const { sent, errors } = await readStream(connection, 'large', { concurrency: 3 });
      expect(errors).toEqual([]);
      expect(new Set(column(sent, 'id')).size).toBe(10_000);
      expect(column(sent, 'id')).toHaveLength(10_000);
      // Read beside each other: rows of a later chunk come before the end of an earlier one.
      expect(column(sent, 'id')).not.toEqual([...(column(sent, 'id') as number[])].sort((a, b) => a - b));
      await proveResume(() => connection.streams.filter((stream) => stream.name === 'large'), {
        concurrency: 3,
        step: 2_503,
      });
      await connection.close();
    });

    it('cuts a key of several columns by its first one, and where that is constant by the next: every row in one chunk', async () => {
      const numbers = (count: number): string =>
        Array.from({ length: count }, (_, i) => `SELECT ${i} n`).join(' UNION ALL ');
      await run(
        server(),
        'CREATE TABLE several (a BIGINT, b VARCHAR(8), c INT, filler CHAR(200), PRIMARY KEY (a, b, c))',
        // Few values of the first column have most of the rows, and one of them is a bound.
        `INSERT INTO several SELECT CASE WHEN a.n < 60 THEN 50 ELSE a.n - 70 END, CONCAT('k', a.n), b.n, 'x'
          FROM (${numbers(100)}) a, (${numbers(100)}) b`,
        'CREATE TABLE constant (a INT, b INT, filler CHAR(200), PRIMARY KEY (a, b))',
        `INSERT INTO constant SELECT 7, a.n * 100 + b.n, 'x' FROM (${numbers(100)}) a, (${numbers(100)}) b`,
        'ANALYZE TABLE several, constant',
      );
      const reading = { method: 'none' as const, page_rows: 500, chunk_bytes: 100_000 };
      const { connection } = await open(flavour, server(), { reading });
      for (const name of ['several', 'constant']) {
        const only = () => connection.streams.filter((stream) => stream.name === name);
        const { sent, errors } = await readStream(connection, name, { concurrency: 3 });
        expect(errors).toEqual([]);
        const keys = sent.flatMap((each) =>
          each.kind === 'record' ? [`${each.record.a} ${each.record.b} ${each.record.c}`] : [],
        );
        expect(keys).toHaveLength(10_000);
        expect(new Set(keys).size).toBe(10_000);
        const inChunks = column(sent, name === 'constant' ? 'b' : 'a') as number[];
        expect(inChunks.every((value, i) => i === 0 || value >= inChunks[i - 1]!)).toBe(false);
        await proveResume(only, { concurrency: 3, step: 2_503 });
      }
      await connection.close();
    });

    it('uses a unique key of columns that are never null, and reads other tables whole', async () => {
      await run(
        server(),
        'CREATE TABLE by_unique (a INT NOT NULL, b INT, UNIQUE KEY (b), UNIQUE KEY (a))',
        'INSERT INTO by_unique VALUES (2, NULL), (1, NULL), (3, 4)',
        'CREATE TABLE keyless (a INT)',
        `INSERT INTO keyless VALUES ${Array.from({ length: 10 }, (_, i) => `(${i % 2})`).join(',')}`,
        'CREATE TABLE float_key (a DOUBLE PRIMARY KEY)',
        'INSERT INTO float_key VALUES (0.1), (0.2)',
        'CREATE VIEW a_view AS SELECT a AS id FROM by_unique',
      );
      const { connection } = await open(flavour, server(), { reading: SMALL });
      const resumable = Object.fromEntries(
        await Promise.all(
          connection.streams.map(async (stream) => [stream.name, (await stream.describe()).is_resumable]),
        ),
      );
      expect(resumable).toMatchObject({ by_unique: true, keyless: false, float_key: false, a_view: false });
      expect(column((await readStream(connection, 'by_unique')).sent, 'a')).toEqual([1, 2, 3]);
      expect(column((await readStream(connection, 'keyless')).sent, 'a')).toHaveLength(10);
      expect(column((await readStream(connection, 'a_view')).sent, 'id')).toHaveLength(3);
      const keyless = () => connection.streams.filter((stream) => stream.name === 'keyless');
      await proveResume(keyless);
      await connection.close();
      const ordered = await open(flavour, server(), { reading: SMALL, streams: [{ name: 'a_view', order: ['id'] }] });
      expect((await ordered.connection.streams.find(({ name }) => name === 'a_view')!.describe()).is_resumable).toBe(
        true,
      );
      await proveResume(() => ordered.connection.streams.filter(({ name }) => name === 'a_view'));
      await ordered.connection.close();
    });

    it('begins anew, rows taken back, when the key is another one than the state was made for', async () => {
      await run(
        server(),
        'CREATE TABLE rekeyed (a INT, b INT, PRIMARY KEY (a))',
        'INSERT INTO rekeyed VALUES (1,9),(2,8),(3,7),(4,6),(5,5)',
      );
      const before = await open(flavour, server(), { reading: SMALL });
      const first = await readStream(before.connection, 'rekeyed', { killAfter: 4 });
      await before.connection.close();
      await run(server(), 'ALTER TABLE rekeyed DROP PRIMARY KEY, ADD PRIMARY KEY (b)');
      const { connection, logs } = await open(flavour, server(), { reading: SMALL });
      const second = await readStream(connection, 'rekeyed', after(first));
      expect(second.errors).toEqual([]);
      expect(column(second.sent, 'b')).toEqual([5, 6, 7, 8, 9]);
      expect(second.sent.filter(({ kind }) => kind === 'restart')).toHaveLength(1);
      expect(logs.join('\n')).toContain('key');
      await connection.close();
    });

    it('keeps pages small when rows are large', async () => {
      await run(
        server(),
        'CREATE TABLE wide (id INT PRIMARY KEY, body LONGTEXT)',
        ...Array.from(
          { length: 12 },
          (_, i) => `INSERT INTO wide VALUES (${i}, REPEAT('x', ${i < 6 ? 10 : 1_000_000}))`,
        ),
      );
      const { connection } = await open(flavour, server(), { reading: { method: 'none', page_bytes: 500_000 } });
      const { sent, errors } = await readStream(connection, 'wide');
      expect(errors).toEqual([]);
      expect(column(sent, 'id')).toEqual(Array.from({ length: 12 }, (_, i) => i));
      const pages: number[] = [];
      let bytes = 0;
      for (const message of sent) {
        if (message.kind === 'record') bytes += String(message.record.body).length;
        else {
          pages.push(bytes);
          bytes = 0;
        }
      }
      expect(Math.max(...pages)).toBeLessThanOrEqual(3_000_100);
      await connection.close();
    });
  });
}
