import { createHash } from 'node:crypto';
import { committed, proveResume } from '@tidemark/source/testing';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { rangesOf, rowsOfRanges } from '../ranges.js';
import { after, column, type Flavour, open, readStream, run } from './server.js';

const ROWS = 3_000;
const digest = (i: number): string => createHash('md5').update(String(i)).digest('hex');
const uuid = (i: number): string => digest(i).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-a$4-$5');
const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

interface Key {
  definition: string;
  key?: string;
  /** The key of the i-th row, all different. */
  row: (i: number) => string;
  only?: Flavour;
  /** The order of its letters is not guessed well: chunks may be of different sizes. */
  isUneven?: true;
}

const KEYS: Record<string, Key> = {
  'evenly rising numbers': { definition: 'k INT', row: String },
  'negative numbers': { definition: 'k BIGINT', row: (i) => String(-7 * i) },
  'numbers that are nearly all small': {
    definition: 'k BIGINT',
    row: (i) => String(i < ROWS - 20 ? i : 10n ** 17n * BigInt(i - ROWS + 25)),
  },
  'numbers in two heaps far apart': {
    definition: 'k BIGINT UNSIGNED',
    row: (i) => String(i % 2 === 0 ? i : 18446744073709551615n - BigInt(i)),
  },
  decimals: { definition: 'k DECIMAL(30,6)', row: (i) => `${i - 1_500}.${String(i).padStart(6, '0')}` },
  UUIDs: { definition: 'k UUID', row: (i) => text(uuid(i)), only: 'mariadb' },
  'UUIDs that rise with time': {
    definition: 'k UUID',
    row: (i) => text(`0190${i.toString(16).padStart(4, '0')}-0000-7000-8000-${digest(i).slice(0, 12)}`),
    only: 'mariadb',
  },
  'UUIDs as texts': { definition: 'k CHAR(36)', row: (i) => text(uuid(i)) },
  'UUIDs as bytes': { definition: 'k BINARY(16)', row: (i) => `x'${digest(i)}'` },
  'bytes of different lengths': {
    definition: 'k VARBINARY(20)',
    row: (i) => `x'${digest(i).slice(0, 6 + (i % 5) * 4)}${i.toString(16).padStart(4, '0')}'`,
  },
  'texts with a common beginning and digits': { definition: 'k VARCHAR(30)', row: (i) => text(`user-${i}`) },
  'texts of any case, by a collation that does not know it': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    row: (i) => text(i % 2 ? `${digest(i).toUpperCase()}z` : digest(i)),
  },
  'texts with accents, after Unicode': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci',
    row: (i) => text(`${'aÄbéçZñøß'[i % 9]}${digest(i).slice(0, 3)}${i}`),
    only: 'mysql',
  },
  'texts with accents, by an older collation': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
    row: (i) => text(`${'aÄbéçZñøß'[i % 9]}${digest(i).slice(0, 3)}${i}`),
  },
  'texts by their bytes, with everything that has to be escaped': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    row: (i) => text(`${"Aa'\\%_ 🙂z\t"[i % 11]}${digest(i).slice(0, 4)}'${i}\\`),
  },
  'texts with spaces at their ends': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    row: (i) => text(`${digest(i).slice(0, 5)}${i}${' '.repeat(i % 4)}`),
  },
  'texts with spaces at their ends that count': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs',
    row: (i) => text(`${digest(i >> 2).slice(0, 5)}${i >> 2}${' '.repeat(i % 4)}`),
    only: 'mysql',
  },
  'texts in Cyrillic': {
    definition: 'k VARCHAR(40) CHARACTER SET utf8mb4',
    row: (i) => text(`${String.fromCodePoint(0x430 + (i % 32), 0x430 + (i % 29))}${i}`),
  },
  'texts in latin1': {
    definition: 'k VARCHAR(40) CHARACTER SET latin1',
    row: (i) => text(`${'aäöéüz'[i % 6]}${digest(i).slice(0, 6)}${i}`),
    isUneven: true,
  },
  days: { definition: 'k DATE', row: (i) => `DATE'1999-12-01' + INTERVAL ${i} DAY` },
  'moments to the microsecond': {
    definition: 'k DATETIME(6)',
    row: (i) => `TIMESTAMP'2024-02-29 23:00:00.999999' + INTERVAL ${i * i * 1_001} MICROSECOND`,
  },
  'moments, the first of which is none': {
    definition: 'k DATETIME',
    row: (i) => (i === 0 ? "'0000-00-00 00:00:00'" : `TIMESTAMP'2024-01-01 00:00:00' + INTERVAL ${i} SECOND`),
  },
  timestamps: {
    definition: 'k TIMESTAMP(3) NOT NULL',
    row: (i) => `TIMESTAMP'2024-03-31 00:00:00.001' + INTERVAL ${i} MINUTE`,
  },
  'times with a sign': {
    definition: 'k TIME(6)',
    row: (i) => `SEC_TO_TIME(${(i - 1_500) * 2_000}.${String(i).padStart(6, '0')})`,
  },
  'two columns, few values in the first': {
    definition: 'a VARCHAR(10), b INT',
    key: 'a, b',
    row: (i) => `${text(['acme', 'Berg', 'çelik'][i % 10 === 0 ? 0 : i % 10 === 1 ? 2 : 1]!)}, ${i}`,
  },
  'two columns, the first constant': {
    definition: 'a INT, b CHAR(32)',
    key: 'a, b',
    row: (i) => `7, ${text(digest(i))}`,
  },
  'three columns': {
    definition: 'a DATE, b ENUM("x","a","m"), c BIGINT',
    key: 'a, b, c',
    row: (i) => `DATE'2024-01-01' + INTERVAL ${i % 4} DAY, ${(i % 3) + 1}, ${i * 1_000_003}`,
  },
};

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: cutting tables into chunks`, (server) => {
    const cases = Object.entries(KEYS).filter(([, { only }]) => only === undefined || only === flavour);

    it.each(cases)('%s: even chunks beside each other, every row once, also after kills', async (name, given) => {
      const { definition, key = 'k', row, isUneven } = given;
      const table = `c_${name.replace(/\W/g, '_')}`.slice(0, 60);
      await run(
        server(),
        `CREATE TABLE ${table} (${definition}, n INT, filler CHAR(200) DEFAULT 'x', PRIMARY KEY (${key}))`,
        `INSERT INTO ${table} VALUES ${Array.from({ length: ROWS }, (_, i) => `(${row(i)}, ${i}, 'x')`).join(',')}`,
        `ANALYZE TABLE ${table}`,
      );
      const { connection } = await open(flavour, server(), {
        reading: { method: 'none', chunk_bytes: 100_000, page_rows: 200 },
        streams: [{ name: table }],
      });
      const truth = Array.from({ length: ROWS }, (_, i) => i);
      const inOrder = await readStream(connection, table, { concurrency: 1 });
      expect(inOrder.errors).toEqual([]);
      expect((column(inOrder.sent, 'n') as number[]).sort((a, b) => a - b)).toEqual(truth);
      const rows = rowsOfRanges(inOrder.sent);
      expect(rows.length, JSON.stringify(rows)).toBeGreaterThan(4);
      // Even enough: no chunk has more than three times its share.
      if (!isUneven) expect(Math.max(...rows), JSON.stringify(rows)).toBeLessThan((ROWS / rows.length) * 3);
      // From a page on, by the ranges that its state has.
      const first = await readStream(connection, table, { killAfter: 450 });
      expect(rangesOf(first.sent).length).toBeGreaterThan(4);
      const rest = await readStream(connection, table, { ...after(first), concurrency: 3 });
      const kept = [...committed(first.sent), ...rest.sent];
      expect((column(kept, 'n') as number[]).sort((a, b) => a - b)).toEqual(truth);
      await proveResume(() => connection.streams, { concurrency: 3, step: 1_303 });
      await connection.close();
    });

    it('goes on with a state of one range, as an earlier version left it', async () => {
      await run(
        server(),
        'CREATE TABLE one_range (k CHAR(36) PRIMARY KEY, n INT, filler CHAR(200))',
        `INSERT INTO one_range VALUES ${Array.from({ length: 1_000 }, (_, i) => `('${uuid(i)}', ${i}, 'x')`).join(',')}`,
        'ANALYZE TABLE one_range',
      );
      const reading = { method: 'none' as const, page_rows: 50 };
      const before = await open(flavour, server(), { reading, streams: [{ name: 'one_range' }] });
      const first = await readStream(before.connection, 'one_range', { killAfter: 310 });
      await before.connection.close();
      expect(rangesOf(first.sent)).toHaveLength(1);
      const { connection } = await open(flavour, server(), {
        reading: { ...reading, chunk_bytes: 20_000 },
        streams: [{ name: 'one_range' }],
      });
      const rest = await readStream(connection, 'one_range', { ...after(first), concurrency: 3 });
      await connection.close();
      expect(rest.errors).toEqual([]);
      expect(rangesOf(rest.sent)).toHaveLength(1);
      const kept = column([...committed(first.sent), ...rest.sent], 'n') as number[];
      expect(kept.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    });
  });
}
