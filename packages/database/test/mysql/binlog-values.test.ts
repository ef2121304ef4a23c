import { afterAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { givesTheSameByBothWays } from '../log-cases.js';
import { open, run } from './server.js';

for (const [flavour, kind, metadata] of [
  ['mysql', mysql, ['MINIMAL', 'FULL']],
  ['mariadb', mariadb, ['NO_LOG', 'MINIMAL', 'FULL']],
] as const) {
  describeWith(kind, `${flavour}: values of the log`, (server) => {
    afterAll(async () => {
      await run(server(), `SET GLOBAL binlog_row_metadata = '${metadata[0]}'`);
    });

    /** The record that a load and the log both give of one row: name, type and value of each column. */
    const bothWays = async (name: string, rowMetadata: string, columns: readonly [string, string, string][]) => {
      const named = columns.map(([column, type]) => `${column} ${type}`).join(', ');
      const values = columns.map(([, , value]) => value).join(', ');
      await run(
        server(),
        `SET GLOBAL binlog_row_metadata = '${rowMetadata}'`,
        `DROP TABLE IF EXISTS ${name}`,
        `CREATE TABLE ${name} (id INT PRIMARY KEY, ${named})`,
        `INSERT INTO ${name} VALUES (1, ${values})`,
      );
      const settings = { reading: { method: 'log' as const }, streams: [{ name }] };
      return givesTheSameByBothWays(
        {
          name,
          stream: name,
          connect: () => open(flavour, server(), settings),
          run: (...statements) => run(server(), ...statements),
        },
        columns.map(([column]) => column),
      );
    };

    it.each(metadata)('texts in many character sets, beside columns that have none (%s)', async (rowMetadata) => {
      const texts: [string, string][] = [
        ['latin1', 'é€'],
        ['utf8mb4', '😀'],
        ['cp1251', 'яж'],
        ['utf16', '😀é'],
        ['gbk', '中文'],
      ];
      const others: [string, string][] = [
        ['GEOMETRY', 'POINT(1, 2)'],
        ['BIT(3)', "b'101'"],
        ['YEAR', '1999'],
        ["ENUM('é','b') CHARACTER SET latin1", "'é'"],
        ["SET('x','é') CHARACTER SET latin1", "'é'"],
        ['VARBINARY(5)', "x'ff00'"],
        ['POINT', 'POINT(3, 4)'],
        ['TIMESTAMP(3) NULL', "'2024-01-02 03:04:05.678'"],
        ['LONGBLOB', "x'ff00'"],
        ['POLYGON', "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"],
        ...(flavour === 'mariadb'
          ? ([
              ['UUID', "'123e4567-e89b-12d3-a456-426655440000'"],
              ['INET6', "'::1'"],
              ['TEXT COMPRESSED', "'packed'"],
            ] as [string, string][])
          : []),
      ];
      const columns = others.flatMap(([type, value], i) => {
        const [charset, text] = texts[i % texts.length]!;
        const form = i % 2 === 0 ? 'VARCHAR(20)' : 'TEXT';
        return [
          [`o${i}`, type, value],
          [`t${i}`, `${form} CHARACTER SET ${charset}`, `'${text}'`],
        ] as [string, string, string][];
      });
      const record = await bothWays('charsets', rowMetadata, columns);
      for (const [i] of others.entries()) expect(record[`t${i}`]).toBe(texts[i % texts.length]![1]);
    });

    it.each(metadata)('the year 0000 (%s)', async (rowMetadata) => {
      const columns = [
        ['zero', 'YEAR', '0'],
        ['first', 'YEAR', '1901'],
        ['last', 'YEAR', '2155'],
      ] as [string, string, string][];
      expect(await bothWays('years', rowMetadata, columns)).toEqual({ zero: 0, first: 1901, last: 2155 });
    });
  });
}
