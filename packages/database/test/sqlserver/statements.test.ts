import { changesOf, type RecordData } from '@tidemark/source';
import { type Transcript, transcript } from '@tidemark/source/testing';
import { describe, expect, it } from 'vitest';
import type { Column, ReadingSettings, TableWish } from '../../src/index.js';
import { readingSettings } from '../../src/reading-settings.js';
import { sqlServerDatabase } from '../../src/sqlserver/dialect.js';
import type { Sessions } from '../../src/sqlserver/sessions.js';
import { sqlServerColumn } from '../../src/sqlserver/types.js';
import { TableStream } from '../../src/table-stream.js';
import { context } from '../reading.js';

/** No SQL Server can be had where these tests run: they hold what would be sent, and answer by hand. */
type Row = (string | null)[];

const TABLES: Row[] = [
  ['dbo', 'clustered', 'U', '1000'],
  ['dbo', 'heap', 'U', '1000'],
  ['dbo', 'pair', 'U', '1000'],
];
const COLLATION = 'Latin1_General_CI_AS';
const column = (
  table: string,
  name: string,
  type: string,
  more: Partial<Record<'length' | 'precision' | 'scale' | 'nullable', string>> = {},
): Row => [
  'dbo',
  table,
  name,
  type,
  more.length ?? '4',
  more.precision ?? '0',
  more.scale ?? '0',
  more.nullable ?? '0',
  null,
  type === 'nvarchar' ? COLLATION : null,
];
const COLUMNS: Row[] = [
  column('clustered', 'id', 'uniqueidentifier'),
  column('clustered', 'at', 'datetime2', { scale: '7' }),
  column('heap', 'a', 'int', { nullable: '1' }),
  column('pair', 'a', 'int'),
  column('pair', 'b]x', 'nvarchar', { length: '40' }),
  column('pair', 'c', 'decimal', { precision: '20', scale: '4', nullable: '1' }),
];
const INDEXES: Row[] = [
  ['dbo', 'clustered', 'pk', '1', '1', '2', '0', 'id'],
  ['dbo', 'clustered', 'ci', '0', '1', '1', '0', 'at'],
  ['dbo', 'pair', 'pk', '1', '1', '1', '0', 'a'],
  ['dbo', 'pair', 'pk', '1', '1', '1', '0', 'b]x'],
];

/** Sessions that answer by hand and remember what they were asked. */
function sessions(answer: (sql: string) => Row[]): Sessions & { asked: string[] } {
  const asked: string[] = [];
  const ask = (sql: string): Row[] => {
    asked.push(sql.replace(/\s+/g, ' '));
    if (sql.includes('sys.columns c JOIN')) return COLUMNS;
    if (sql.includes('sys.indexes')) return INDEXES;
    if (sql.includes('sys.objects o JOIN')) return TABLES;
    return answer(sql);
  };
  return {
    asked,
    query: async (sql) => ask(sql),
    take: async () => ({
      fetch: async (sql) => ({ rows: ask(sql), bytes: 10, isCut: false }),
      async *rows(sql) {
        yield* ask(sql);
      },
      release: () => undefined,
    }),
    close: async () => undefined,
  };
}

async function read(
  name: string,
  answer: (sql: string) => Row[],
  more: Partial<ReadingSettings> = {},
  wish?: TableWish,
  states?: ReadonlyMap<string, never>,
): Promise<Transcript & { asked: string[] }> {
  const settings = readingSettings({ page_rows: 2, method: 'none', ...more });
  const fake = sessions(answer);
  const database = sqlServerDatabase(fake, settings, 'reader', () => undefined);
  const tables = await database.tables(wish && [wish]);
  const table = tables.find((each) => each.name === name)!;
  const stream = new TableStream({ dialect: 'sqlserver', table, wish, settings, context: context() });
  const result = await transcript([stream], states ? { states } : {});
  return { ...result, asked: fake.asked.slice(3) };
}

describe('the statements of SQL Server', () => {
  it('describe the tables', async () => {
    const fake = sessions(() => []);
    await sqlServerDatabase(fake, readingSettings({ schemas: ["o'brien"] }), 'reader', () => undefined).tables(
      undefined,
    );
    expect(fake.asked).toMatchSnapshot();
  });

  it('describe the tables that are named, and no other', async () => {
    const tables = await sqlServerDatabase(
      sessions(() => []),
      readingSettings({}),
      'reader',
      () => undefined,
    ).tables([{ name: 'pair' }, { name: 'heap', namespace: 'dbo' }, { name: 'clustered', namespace: 'other' }]);
    expect(tables.map(({ name }) => name)).toEqual(['heap', 'pair']);
  });

  it('read in the order of the unique clustered index, else of the primary key, by all of its columns', async () => {
    const pages = [
      [
        ['1', 'x', null, '1', 'x'],
        ['1', 'y', '2.5000', '1', 'y'],
      ],
      [['2', "o'b", '3', '2', "o'b"]],
    ];
    const pair = await read('pair', (sql) => (sql.includes('DESC') ? [['9', 'z']] : (pages.shift() ?? [])));
    expect(pair.errors).toEqual([]);
    expect(pair.asked).toMatchSnapshot('pair');
    expect(pair.sent.flatMap((each) => (each.kind === 'record' ? [each.record] : []))).toEqual([
      { a: 1, 'b]x': 'x', c: null },
      { a: 1, 'b]x': 'y', c: 2.5 },
      { a: 2, 'b]x': "o'b", c: 3 },
    ]);
    const clustered = await read('clustered', (sql) => (sql.includes('DESC') ? [['2024-01-01T00:00:00.0000001']] : []));
    expect(clustered.asked).toMatchSnapshot('clustered');
    const heap = await read('heap', () => [['1'], ['1'], [null]]);
    expect(heap.asked).toMatchSnapshot('heap');
    expect(heap.sent.filter(({ kind }) => kind === 'record')).toHaveLength(3);
  });

  it('follow a cursor column, with a look-back', async () => {
    const wish = { name: 'clustered', cursor: 'at', lookback: 60 };
    const answer = (sql: string): Row[] => (sql.includes('DESC') ? [['2024-01-01T00:00:00.0000001']] : []);
    const load = await read('clustered', answer, { method: 'cursor' }, wish);
    const states = new Map(
      load.sent.flatMap((each) => (each.kind === 'state' ? [[each.stream, each.state as never] as const] : [])),
    );
    const follow = await read('clustered', answer, { method: 'cursor' }, wish, states);
    expect([load.errors, follow.errors]).toEqual([[], []]);
    expect([...load.asked, ...follow.asked]).toMatchSnapshot();
  });

  it('ask which texts of a cursor column are equal', async () => {
    const wish = { name: 'pair', cursor: 'b]x', scan: true };
    const rows = [
      ['1', "o'b", null, "o'b", '1'],
      ['2', "O'B", null, "O'B", '2'],
    ];
    const answer = (sql: string): Row[] => (sql.includes('CASE') ? [['1']] : sql.includes('IS NOT NULL') ? rows : []);
    const more = { method: 'cursor', page_rows: 3 } as const;
    const stateOf = ({ sent }: Transcript) =>
      new Map(sent.flatMap((each) => (each.kind === 'state' ? [[each.stream, each.state as never] as const] : [])));
    const load = await read('pair', answer, more, wish);
    const first = await read('pair', answer, more, wish, stateOf(load));
    const again = await read('pair', (sql) => (sql.includes('>=') ? rows : answer(sql)), more, wish, stateOf(first));
    expect([load, first, again].flatMap(({ errors }) => errors)).toEqual([]);
    expect(first.sent.filter(({ kind }) => kind === 'record')).toHaveLength(2);
    expect(again.sent.filter(({ kind }) => kind === 'record')).toEqual([]);
    const side = (text: string) => `CONVERT(nvarchar(20), N'${text}') COLLATE ${COLLATION}`;
    expect(first.asked).toContain(`SELECT CASE WHEN ${side("o''b")} = ${side("O''B")} THEN 1 ELSE 0 END`);
  });

  it('read anew when the collation of a key has changed', async () => {
    const pages: Row[][] = [
      [
        ['1', 'x', null, '1', 'x'],
        ['1', 'y', null, '1', 'y'],
      ],
    ];
    const load = await read('pair', (sql) => (sql.includes('DESC') ? [['9', 'z']] : (pages.shift() ?? [])));
    const last = load.sent.find((each) => each.kind === 'state')!;
    const text = JSON.stringify((last as { state: object }).state);
    expect(text).toContain(COLLATION);
    const after = (state: string) => new Map([['dbo\0pair', JSON.parse(state) as never]]);
    const other = text.replace(COLLATION, 'Latin1_General_BIN2');
    const anew = await read('pair', (sql) => (sql.includes('DESC') ? [['9', 'z']] : []), {}, undefined, after(other));
    expect(anew.sent.filter(({ kind }) => kind === 'restart')).toHaveLength(1);
    const same = await read('pair', (sql) => (sql.includes('DESC') ? [['9', 'z']] : []), {}, undefined, after(text));
    expect(same.sent.filter(({ kind }) => kind === 'restart')).toEqual([]);
  });

  it('refuse a position that is none', async () => {
    const pages: Row[][] = [
      [
        ['1', 'x', null, '1', 'x'],
        ['1', 'y', null, '1', 'y'],
      ],
    ];
    const load = await read('pair', (sql) => (sql.includes('DESC') ? [['9', 'z']] : (pages.shift() ?? [])));
    const last = load.sent.find((each) => each.kind === 'state')!;
    const state = JSON.parse(
      JSON.stringify((last as { state: object }).state).replace('["1","y"]', '["1 OR 1=1","y"]'),
    );
    const refused = await read('pair', () => [], {}, undefined, new Map([['dbo\0pair', state as never]]));
    expect(refused.errors[0]?.message).toContain("a position of column 'a' (int) that is no value of it");
  });
});

describe('the types of SQL Server', () => {
  const VALUES: [type: string, shown: string, text: string][] = [
    ['bit', 'bit', '1'],
    ['tinyint', 'tinyint', '255'],
    ['bigint', 'bigint', '-9223372036854775808'],
    ['decimal', 'decimal(38,10)', '1234567890123456789012345678.0123456789'],
    ['numeric', 'numeric(20,0)', '12345678901234567890'],
    ['money', 'money', '922337203685477.5807'],
    ['smallmoney', 'smallmoney', '-0.0001'],
    ['float', 'float', '1.7976931348623157e+308'],
    ['real', 'real', '1.000000e-001'],
    ['date', 'date', '0001-01-01'],
    ['time', 'time(7)', '23:59:59.9999999'],
    ['datetime', 'datetime', '2024-02-29T23:59:59.997'],
    ['datetime2', 'datetime2(7)', '2024-02-29T23:59:59.1234567'],
    ['smalldatetime', 'smalldatetime', '2024-02-29T23:59:00'],
    ['datetimeoffset', 'datetimeoffset(7)', '2024-02-29T23:59:59.1234567+05:30'],
    ['char', 'char(4)', 'ab  '],
    ['nvarchar', 'nvarchar(max)', 'ünï🙂'],
    ['text', 'text', 'text'],
    ['xml', 'xml', '<a/>'],
    ['uniqueidentifier', 'uniqueidentifier', '123E4567-E89B-12D3-A456-426614174000'],
    ['varbinary', 'varbinary(8)', '00FF'],
    ['image', 'image', 'DEADBEEF'],
    ['timestamp', 'timestamp', '00000000000007D1'],
    ['sql_variant', 'sql_variant', 'any'],
    ['hierarchyid', 'hierarchyid', '/1/2/'],
    ['geometry', 'geometry', 'POINT (1 2)'],
    ['nobody_knows', 'nobody_knows', 'x'],
  ];

  it.each(VALUES)('%s', (dataType, shown, text) => {
    const scale = Number(/,(\d+)\)/.exec(shown)?.[1] ?? 0);
    const made = sqlServerColumn({ name: 'c', dataType, shown, nullable: true, scale });
    const value = made.decode(text);
    expect({
      schema: made.schema,
      sql: made.textOf('[c]'),
      key: made.keyForm ?? 'none',
      value: String(value),
    }).toMatchSnapshot();
  });

  it('what is no value is null, with a change', () => {
    const made: Column = sqlServerColumn({ name: 'c', dataType: 'bit', shown: 'bit', nullable: true, scale: 0 });
    expect(typeof made.decode('2')).toBe('symbol');
    expect(changesOf({} as RecordData)).toBeUndefined();
  });
});
