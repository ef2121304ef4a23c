import { afterAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { givesTheSameByBothWays } from '../log-cases.js';
import { open, run } from './server.js';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

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

    if (flavour === 'mysql') {
      it.each(metadata)('JSON, letter for letter (%s)', async (rowMetadata) => {
        const json = (text: string) => `CAST(${quoted(text)} AS JSON)`;
        const deep = `${'['.repeat(90)}1${']'.repeat(90)}`;
        const columns = [
          ['literals', json('[null, true, false, {}, [], "", {"": {"": []}}]')],
          ['wholes', json('[0, -1, 32767, -32768, 65535, 32768, -2147483648, 4294967295, 9223372036854775807]')],
          ['large_wholes', json('[-9223372036854775808, 18446744073709551615, -9007199254740993]')],
          ['doubles', json('[1.0, -0.0, 1e22, 0.0000001, 1e-15, 1e-16, 1e14, 1e15, 1234567890123456.5, 5e-324]')],
          [
            'decimals',
            'JSON_ARRAY(1.10, CAST(1.1 AS DECIMAL(10,5)), -0.5, 0.0, -123456789012345678901234567890.123456789012)',
          ],
          [
            'more_decimals',
            `JSON_ARRAY(${'9'.repeat(65)}, -0.${'0'.repeat(29)}1, 1000000000, 999999999.000000001, -1.0)`,
          ],
          ['texts', json(String.raw`"\" \\ \/ \b\f\n\r\t \u0000\u001f\u007f\u2028 é😀"`)],
          ['members', json(String.raw`{"a": 1, "10": 2, "9": 3, "__proto__": 4, "é\"": 5, "B": 6}`)],
          [
            'moments',
            "JSON_ARRAY(DATE'2024-02-29', TIMESTAMP'2024-02-29 23:59:59.123456', TIMESTAMP'0001-01-01 00:00:00')",
          ],
          [
            'times',
            "JSON_ARRAY(TIME'23:59:59.5', TIME'-00:00:00.000001', TIME'40:00:00', TIME'-838:59:59', TIME'00:00:00')",
          ],
          ['bytes', "JSON_ARRAY(x'00ff', REPEAT(x'27', 200), b'101', CAST('ab' AS BINARY(4)), x'')"],
          ['shapes', 'JSON_OBJECT("g", ST_GeomFromText("LINESTRING(0.5 1, -2 1e20)"))'],
          [
            'large',
            `JSON_OBJECT("t", REPEAT("é", 40000), "n", JSON_ARRAY(1, -70000, 4294967295, 1.5, null, 2.50), "o", ${json('{"x": [true]}')})`,
          ],
          ['deep', json(deep)],
          ['single', json('1e100')],
          ['sql_null', 'NULL'],
          ['json_null', json('null')],
        ] as const;
        const record = await bothWays(
          'documents',
          rowMetadata,
          columns.map(([name, value]) => [name, 'JSON', value]),
        );
        expect(record).toMatchObject({
          deep,
          doubles: expect.stringContaining('-0.0, 1e22, 0.0000001'),
          json_null: 'null',
        });
        expect(record.decimals).toContain('1.10, 1.10000, -0.5, 0.0');
      });

      it('JSON with numbers of any size, digit for digit', async () => {
        // The same numbers each time: bits of a linear congruential generator.
        let state = 88172645463325252n;
        const bits = (): bigint => {
          state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
          return state >> 11n;
        };
        const numbers = Array.from({ length: 6_000 }, (_, i) => {
          const digits = String(bits()).slice(0, 1 + (i % 17));
          return `${i % 2 ? '-' : ''}${digits[0]}.${digits.slice(1)}0e${Number(bits() % (i % 3 ? 40n : 600n)) - (i % 3 ? 20 : 300)}`;
        });
        const record = await bothWays('numbers', 'FULL', [['j', 'JSON', `CAST('[${numbers.join(',')}]' AS JSON)`]]);
        expect(String(record.j).split(', ')).toHaveLength(numbers.length);
      });
    }

    it.each(metadata)(
      'values that an ENUM or SET does not have, and those that look like one (%s)',
      async (rowMetadata) => {
        const columns = [
          ['wrong', "ENUM('a','b')", "'nothing'"],
          ['nought', "ENUM('a','','c')", "''"],
          ['missing', "ENUM('a','b')", 'NULL'],
          ['quoted', `ENUM('it''s','a,b','c\\\\d')`, `'c\\\\d'`],
          ['broken', `ENUM('b''','x\\ny',' é')`, `'x\\ny'`],
          ['several', `SET('it''s','a\\\\b','"')`, `'it''s,a\\\\b,"'`],
          ['none', "SET('x','y')", "''"],
          ['large', `SET(${Array.from({ length: 64 }, (_, i) => `'m${i}'`).join()})`, "'m0,m31,m32,m63'"],
        ] as [string, string, string][];
        expect(await bothWays('choices', rowMetadata, columns)).toEqual({
          wrong: '',
          nought: '',
          missing: null,
          quoted: 'c\\d',
          broken: 'x\ny',
          several: `it's,a\\b,"`,
          none: '',
          large: 'm0,m31,m32,m63',
        });
      },
    );

    it.each(metadata)('dates that are none (%s)', async (rowMetadata) => {
      const columns = [
        ['zero', 'DATE', "'0000-00-00'"],
        ['no_day', 'DATE', "'2024-02-30'"],
        ['leap', 'DATE', "'2000-02-29'"],
        ['no_leap', 'DATE', "'1900-02-29'"],
        ['at_zero', 'DATETIME(3)', "'0000-00-00 01:02:03.456'"],
        ['at_no_day', 'DATETIME', "'2024-04-31 01:02:03'"],
        ['at_month_0', 'DATETIME(6)', "'2024-00-01 01:02:03'"],
        ['stamp', 'TIMESTAMP NULL', "'0000-00-00 00:00:00'"],
      ] as [string, string, string][];
      expect(await bothWays('no_dates', rowMetadata, columns)).toEqual({
        zero: null,
        no_day: null,
        leap: '2000-02-29',
        no_leap: null,
        at_zero: null,
        at_no_day: null,
        at_month_0: null,
        stamp: null,
      });
    });

    it.each(metadata)('all letters of the sets that have one byte for each (%s)', async (rowMetadata) => {
      const sets = await run(
        server(),
        "SELECT character_set_name AS name FROM information_schema.character_sets WHERE maxlen = 1 AND character_set_name <> 'binary'",
      );
      const names = sets.map(({ name }) => String(name));
      expect(names.length).toBeGreaterThan(20);
      const bytes = Buffer.from(Array.from({ length: 254 }, (_, i) => i + 1)).toString('hex');
      const columns = names.flatMap((name, i): [string, string, string][] => [
        [
          `v_${name}`,
          `VARCHAR(255) CHARACTER SET ${name}`,
          `CONVERT(CONVERT(x'${bytes}' USING ${name}) USING ${name})`,
        ],
        [`t_${name}`, `${i % 2 ? 'CHAR(4)' : 'TEXT'} CHARACTER SET ${name}`, "'abc'"],
      ]);
      for (const name of ['latin1', 'dec8', 'hp8', 'keybcs2', 'macroman'])
        columns.push([`e_${name}`, `ENUM('x','é') CHARACTER SET ${name}`, "'é'"]);
      const record = await bothWays('letters', rowMetadata, columns);
      expect(record).toMatchObject({ e_dec8: 'é', e_hp8: 'é', e_keybcs2: 'é', t_dec8: 'abc', t_swe7: 'abc' });
      // A byte that the server has a letter for where others have none.
      expect(record.v_latin1).toContain('\u0081');
    });

    it.each(metadata)('numbers that are filled with zeros (%s)', async (rowMetadata) => {
      const columns = [
        ['large', 'BIGINT(20) ZEROFILL', '18446744073709551615'],
        ['small', 'BIGINT(20) ZEROFILL', '7'],
        ['nil', 'BIGINT(20) ZEROFILL', '0'],
        ['fixed', 'DECIMAL(30,5) ZEROFILL', '0.5'],
        ['broad', 'DOUBLE ZEROFILL', '1.5'],
      ] as [string, string, string][];
      expect(await bothWays('with_zeros', rowMetadata, columns)).toEqual({
        large: 18446744073709551615n,
        small: 7,
        nil: 0,
        fixed: 0.5,
        broad: 1.5,
      });
    });

    if (flavour === 'mariadb')
      it.each(metadata)('years of two digits (%s)', async (rowMetadata) => {
        const columns = [
          ['late', 'YEAR(2)', "'13'"],
          ['early', 'YEAR(2)', "'99'"],
          ['zero', 'YEAR(2)', '0'],
        ] as [string, string, string][];
        expect(await bothWays('short_years', rowMetadata, columns)).toEqual({ late: 13, early: 99, zero: 0 });
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
