import { stringify } from '@tidemark/protocol';
import { changesOf, discover, type RecordData, read, type Sink } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { open, run } from './reading.js';

/** Type, SQL value, JSON text of the value (`lost`: null with an entry in `changes`). */
const VALUES: readonly [type: string, sql: string, json: string][] = [
  ['boolean', 'true', 'true'],
  ['boolean', 'false', 'false'],
  ['int2', '-32768', '-32768'],
  ['int4', '2147483647', '2147483647'],
  ['int8', '9223372036854775807', '9223372036854775807'],
  ['int8', '-9223372036854775808', '-9223372036854775808'],
  ['oid', '4294967295', '4294967295'],
  ['real', '1.1', '1.1'],
  ['real', `'NaN'`, 'lost'],
  ['float8', '0.1::float8 + 0.2::float8', '0.30000000000000004'],
  ['float8', '1e300', '1e+300'],
  ['float8', '5e-324', '5e-324'],
  ['float8', `'-Infinity'`, 'lost'],
  ['numeric', '12345678901234567890.12345678901234567890', '12345678901234567890.12345678901234567890'],
  ['numeric', `('1' || repeat('0', 400))::numeric`, `1${'0'.repeat(400)}`],
  ['numeric', `'NaN'`, 'lost'],
  ['numeric', '0.5', '0.5'],
  ['numeric(38,0)', '99999999999999999999999999999999999999', '99999999999999999999999999999999999999'],
  ['numeric(38,0)', `'NaN'`, 'lost'],
  ['money', `'-1234.50'::numeric::money`, '-1234.50'],
  ['numeric(12,2)', '12345678.90', '12345678.90'],
  ['numeric(12,2)', '0', '0.00'],
  ['numeric(20,10)', '-0.0000001', '-0.0000001000'],
  ['numeric', '0.0000001', '0.0000001'],
  ['numeric', '12345678901234567.50', '12345678901234567.50'],
  ['numeric', '100', '100'],
  ['float8', `'-0'`, '-0'],
  ['float8', '1e15', '1e+15'],
  ['float8', '0.00001', '1e-05'],
  ['real', '1e-7', '1e-07'],
  ['bit(4)', `B'0100'`, '"0100"'],
  ['varbit', `B'101'`, '"101"'],
  ['bytea', `'\\x00ff5c'`, '"\\\\x00ff5c"'],
  ['char(5)', `'ab'`, '"ab   "'],
  [
    'text',
    `E'tab\\t nl\\n cr\\r bs\\\\ q" v\\x0b b\\b f\\f \\x01 é 😀'`,
    '"tab\\t nl\\n cr\\r bs\\\\ q\\" v\\u000b b\\b f\\f \\u0001 é 😀"',
  ],
  ['text', `'\\N'`, '"\\\\N"'],
  ['text', `''`, '""'],
  ['text', 'NULL', 'null'],
  ['date', `'2024-02-29'`, '"2024-02-29"'],
  ['date', `'infinity'`, '"infinity"'],
  ['date', `'0044-03-15 BC'`, '"0044-03-15 BC"'],
  ['time', `'04:05:06.7'`, '"04:05:06.700000"'],
  ['time', `'24:00:00'`, '"24:00:00.000000"'],
  ['timetz', `'04:05:06.789-08'`, '"04:05:06.789000-08:00"'],
  ['timetz', `'04:05:06+05:30'`, '"04:05:06.000000+05:30"'],
  ['timetz', `'04:05:06+00'`, '"04:05:06.000000Z"'],
  ['timestamp', `'2024-01-02 03:04:05.000001'`, '"2024-01-02T03:04:05.000001"'],
  ['timestamp', `'2024-01-02 03:04:05'`, '"2024-01-02T03:04:05.000000"'],
  ['timestamp', `'infinity'`, '"Infinity"'],
  ['timestamp', `'0044-03-15 12:00:00 BC'`, '"0044-03-15T12:00:00.000000 BC"'],
  ['timestamp', `'294276-12-31 23:59:59.999999'`, '"294276-12-31T23:59:59.999999"'],
  ['timestamptz', `'2024-01-02 03:04:05.12+05:30'`, '"2024-01-01T21:34:05.120000Z"'],
  ['timestamptz', `'-infinity'`, '"-Infinity"'],
  ['timestamptz', `'0044-03-15 12:00:00+00 BC'`, '"0044-03-15T12:00:00.000000Z BC"'],
  ['json', `'{"a": 1.0, "b": "x\\ny"}'`, '"{\\"a\\": 1.0, \\"b\\": \\"x\\\\ny\\"}"'],
  ['jsonb', `'{"b":  "ü", "a": 12345678901234567890}'`, '"{\\"a\\": 12345678901234567890, \\"b\\": \\"ü\\"}"'],
  ['xml', `'<a>1</a>'`, '"<a>1</a>"'],
  ['uuid', `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`, '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
  ['types.mood', `'happy'`, '"happy"'],
  ['types.pair', `ROW(1, 'a b')`, '"(1,\\"a b\\")"'],
  ['types.small', '7', '7'],
  ['inet', `'10.0.0.1/8'`, '"10.0.0.1/8"'],
  ['int4range', `'[1,5)'`, '"[1,5)"'],
  ['point', `'(1.5,2)'`, '"(1.5,2)"'],
  ['box', `'((1,1),(0,0))'`, '"(1,1),(0,0)"'],
  ['tsvector', `'a fat cat'`, `"'a' 'cat' 'fat'"`],
  ['pg_lsn', `'16/B374D848'`, '"16/B374D848"'],
  ['interval', `'1 year 2 mons -3 days 04:05:06.7'`, '"1 year 2 mons -3 days +04:05:06.7"'],
  ['hstore', `'a=>1, "b \\"q"=>NULL'`, '"{\\"a\\":\\"1\\",\\"b \\\\\\"q\\":null}"'],
  ['int4[]', `'{1,NULL,3}'`, '[1,null,3]'],
  ['int4[]', `'{{1,2},{3,4}}'`, '[[1,2],[3,4]]'],
  ['int4[]', `'[0:1]={7,8}'`, '[7,8]'],
  ['int8[]', `'{9223372036854775807}'`, '[9223372036854775807]'],
  ['text[]', `ARRAY['a,b', 'c"d\\e', 'NULL', NULL, '', E'n\\nl']`, '["a,b","c\\"d\\\\e","NULL",null,"","n\\nl"]'],
  ['text[]', `'{}'`, '[]'],
  ['bool[]', `'{t,f,NULL}'`, '[true,false,null]'],
  ['bit(1)[]', `ARRAY[B'1', B'0']`, '[true,false]'],
  ['bit[]', `ARRAY[B'1', NULL]`, '[true,null]'],
  ['bit(4)[]', `ARRAY[B'0100', B'1111']`, '["0100","1111"]'],
  ['varbit[]', `ARRAY[B'1']`, '["1"]'],
  ['int2vector', `'1 2'`, '"1 2"'],
  ['oidvector', `'3 4294967295'`, '"3 4294967295"'],
  ['int2vector[]', `ARRAY['1 2', '3']::int2vector[]`, '["1 2","3"]'],
  ['bytea[]', `ARRAY['\\x00ff'::bytea]`, '["AP8="]'],
  ['numeric[]', `'{1.5,12345678901234567890.5}'`, '[1.5,12345678901234567890.5]'],
  ['numeric[]', `'{1.5,NaN}'`, 'lost'],
  ['money[]', `ARRAY[1.5::numeric::money]`, '[1.50]'],
  ['numeric(4,2)[]', `'{1.5,0}'`, '[1.50,0.00]'],
  ['timestamp[]', `ARRAY['2024-01-02 03:04:05'::timestamp]`, '["2024-01-02T03:04:05.000000"]'],
  ['box[]', `ARRAY['((1,1),(0,0))'::box, '((2,2),(0,0))']`, '["(1,1),(0,0)","(2,2),(0,0)"]'],
  ['types.small[]', `'{1,2}'`, '[1,2]'],
];

describeWith(postgres, 'values of every type', (server) => {
  it('as records and as lines: exact, and the same by both', async () => {
    const column = (i: number): string => `c${i}`;
    await run(
      server(),
      'DROP SCHEMA IF EXISTS types CASCADE',
      'CREATE SCHEMA types',
      'CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public',
      `CREATE TYPE types.mood AS ENUM ('sad', 'happy')`,
      'CREATE TYPE types.pair AS (a int, b text)',
      'CREATE DOMAIN types.small AS int2 CHECK (VALUE < 100)',
      `CREATE TABLE types.t (${VALUES.map(([type], i) => `${column(i)} ${type}`).join(', ')}, "__proto__" int, "odd ""name" text)`,
      `INSERT INTO types.t VALUES (${VALUES.map(([, sql]) => sql).join(', ')}, 1, 'x')`,
      'INSERT INTO types.t DEFAULT VALUES',
    );
    const { connection } = await open(server(), { reading: { schemas: ['types'] } });
    try {
      const [record, empty] = await records(connection);
      const changes = new Set((changesOf(record!) ?? []).map((change) => change.field));
      for (const [i, [type, sql, json]] of VALUES.entries()) {
        const met = stringify(record![column(i)]);
        expect(`${type} ${sql} = ${met}`).toBe(`${type} ${sql} = ${json === 'lost' ? 'null' : json}`);
        expect(`${type} ${sql} ${changes.has(column(i))}`).toBe(`${type} ${sql} ${json === 'lost'}`);
        expect(empty![column(i)]).toBeNull();
      }
      expect(Object.hasOwn(record!, '__proto__')).toBe(true);
      const lines = await asLines(connection);
      expect(lines.length).toBe(2);
      for (const [i, line] of lines.entries()) {
        const own = [record!, empty!][i]!;
        const changed = changesOf(own);
        const meta = changed ? `,"meta":${stringify({ changes: changed })}` : '';
        expect(line).toBe(`{"data":${stringify(own)}${meta}}`);
      }
    } finally {
      await connection.close();
    }
  });

  it('texts of nothing but what has to be escaped', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS escapes CASCADE',
      'CREATE SCHEMA escapes',
      `CREATE TABLE escapes.t AS SELECT i AS id, repeat(E'"\\\\\x01\n', i * 40) AS t, NULL::int AS n, i * 1.5 AS v FROM generate_series(1, 300) i`,
    );
    const { connection } = await open(server(), { reading: { schemas: ['escapes'] } });
    try {
      const lines = await asLines(connection);
      expect(lines).toEqual((await records(connection)).map((record) => `{"data":${stringify(record)}}`));
      expect(lines.length).toBe(300);
    } finally {
      await connection.close();
    }
  });

  it('items of arrays are what the schema says', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS items CASCADE',
      'CREATE SCHEMA items',
      'CREATE TABLE items.t (a bit(1)[], b bit(4)[], c varbit[], d int2vector, e oidvector)',
    );
    const { connection } = await open(server(), { reading: { schemas: ['items'] } });
    try {
      const { streams } = await discover(connection);
      const { properties } = streams[0]!.json_schema as { properties: Record<string, unknown> };
      const list = (type: string) => ({ type: ['null', 'array'], items: { type: ['null', type] } });
      expect(properties).toEqual({
        a: list('boolean'),
        b: list('string'),
        c: list('string'),
        d: { type: ['null', 'string'] },
        e: { type: ['null', 'string'] },
      });
    } finally {
      await connection.close();
    }
  });

  it('a type that nobody knows is its text', async () => {
    await run(
      server(),
      'DROP SCHEMA IF EXISTS odd CASCADE',
      'CREATE SCHEMA odd',
      'CREATE TYPE odd.span AS RANGE (subtype = float8)',
      'CREATE TABLE odd.t (a odd.span, b pg_snapshot, c odd.span[])',
      `INSERT INTO odd.t VALUES ('[1,2]', '10:20:10,14', '{"[1,2)"}')`,
    );
    const { connection } = await open(server(), { reading: { schemas: ['odd'] } });
    try {
      const [record] = await records(connection);
      expect(record).toEqual({ a: '[1,2]', b: '10:20:10,14', c: ['[1,2)'] });
    } finally {
      await connection.close();
    }
  });
});

async function through(connection: Parameters<typeof discover>[0], sink: Partial<Sink>): Promise<void> {
  const { streams } = await discover(connection);
  const catalog = {
    streams: streams.map((stream) => ({
      stream,
      sync_mode: 'full_refresh' as const,
      destination_sync_mode: 'append' as const,
    })),
  };
  const rest = { page() {}, finalState() {}, restart() {}, status() {}, error() {}, log() {} };
  const result = await read({ connection, catalog, states: new Map(), sink: { ...rest, ...sink } });
  expect(result.errors).toEqual([]);
}

async function records(connection: Parameters<typeof discover>[0]): Promise<RecordData[]> {
  const all: RecordData[] = [];
  await through(connection, { page: (_stream, _unit, page) => void all.push(...page) });
  return all;
}

async function asLines(connection: Parameters<typeof discover>[0]): Promise<string[]> {
  let text = '';
  await through(connection, {
    lines: (_stream, _unit, lines) => {
      for (const piece of lines.write('{"data":', '}\n')) text += Buffer.from(piece).toString();
    },
  });
  return text.split('\n').slice(0, -1);
}
