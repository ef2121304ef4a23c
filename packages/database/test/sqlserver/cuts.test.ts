import { createHash } from 'node:crypto';
import { committed, lastStates, proveResume, transcript } from '@tidemark/source/testing';
import { describe, expect, it } from 'vitest';
import { readingSettings } from '../../src/reading-settings.js';
import { sqlServerDatabase } from '../../src/sqlserver/dialect.js';
import { TableStream } from '../../src/table-stream.js';
import { rangesOf, rowsOfRanges } from '../ranges.js';
import { context } from '../reading.js';
import { byBytes, byGuid, byNumber, byPeople, KeyedStandIn, type StandInColumn } from './keyed-server.js';

// No SQL Server can be had where these tests run: a stand-in evaluates the statements. See docs/dialects/sqlserver.md.
const ROWS = 400;
const digest = (i: number): string => createHash('md5').update(String(i)).digest('hex').toUpperCase();
const guid = (digits: string): string => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

interface Key {
  columns: StandInColumn[];
  row: (i: number) => string[];
  /** Nobody knows where the rows lie. */
  isUneven?: true;
}

const NUMBER = (name: string): StandInColumn => ({ name, type: 'int', compare: byNumber });
const KEYS: Record<string, Key> = {
  'whole numbers': { columns: [NUMBER('a')], row: (i) => [String(i * 3 - 500)] },
  'numbers that are nearly all small': {
    columns: [{ name: 'a', type: 'bigint', compare: byNumber }],
    row: (i) => [String(i < ROWS - 5 ? i : 10 ** 15 + i)],
    isUneven: true,
  },
  GUIDs: { columns: [{ name: 'a', type: 'uniqueidentifier', compare: byGuid }], row: (i) => [guid(digest(i))] },
  'GUIDs one after the other': {
    columns: [{ name: 'a', type: 'uniqueidentifier', compare: byGuid }],
    row: (i) => [`${i.toString(16).padStart(8, '0').toUpperCase()}-0000-4000-8000-000000000001`],
    isUneven: true,
  },
  'texts of any case': {
    columns: [{ name: 'a', type: 'nvarchar', length: '80', compare: byPeople }],
    row: (i) => [`${i % 2 ? digest(i) : digest(i).toLowerCase()}${"'".repeat(i % 3)}`],
  },
  bytes: { columns: [{ name: 'a', type: 'binary', length: '16', compare: byBytes }], row: (i) => [digest(i)] },
  'two columns, the first constant': {
    columns: [NUMBER('a'), { name: 'b', type: 'nvarchar', length: '80', compare: byPeople }],
    row: (i) => ['7', digest(i)],
  },
  'two columns, three values in the first': {
    columns: [{ name: 'a', type: 'nvarchar', length: '20', compare: byPeople }, NUMBER('b')],
    row: (i) => [['acme', 'Berg', 'zulu'][i % 3]!, String(i)],
    isUneven: true,
  },
};

async function streamOf({ columns, row }: Key): Promise<{ make: () => Promise<TableStream[]>; server: KeyedStandIn }> {
  const names = columns.map(({ name }) => name);
  const rows = Array.from({ length: ROWS }, (_, i) => ({
    ...Object.fromEntries(row(i).map((value, at) => [names[at]!, value])),
    n: String(i),
  }));
  const server = new KeyedStandIn([...columns, NUMBER('n')], names, rows, 100_000);
  const settings = readingSettings({ page_rows: 40, method: 'none', chunk_bytes: 12_000 });
  const database = sqlServerDatabase(server, settings, 'reader', () => undefined);
  const [table] = await database.tables(undefined);
  const make = async () => [
    new TableStream({ dialect: 'sqlserver', table: table!, wish: undefined, settings, context: context() }),
  ];
  return { make, server };
}

describe('cutting tables of SQL Server into chunks, by a stand-in', () => {
  it.each(Object.entries(KEYS))('%s: every row once, also after kills', async (_, key) => {
    const { make } = await streamOf(key);
    const truth = Array.from({ length: ROWS }, (_, i) => i);
    const numbers = (sent: readonly { kind: string }[]): unknown[] =>
      sent
        .flatMap((each) => (each.kind === 'record' ? [(each as unknown as { record: { n: number } }).record.n] : []))
        .sort((a, b) => a - b);
    const inOrder = await transcript(await make(), { concurrency: 1 });
    expect(inOrder.errors).toEqual([]);
    expect(numbers(inOrder.sent)).toEqual(truth);
    const rows = rowsOfRanges(inOrder.sent);
    expect(rows.length, JSON.stringify(rows)).toBeGreaterThan(2);
    if (!key.isUneven) expect(Math.max(...rows), JSON.stringify(rows)).toBeLessThan((ROWS / rows.length) * 3);
    const first = await transcript(await make(), { killAfter: 90 });
    expect(rangesOf(first.sent).length).toBeGreaterThan(2);
    const rest = await transcript(await make(), { concurrency: 3, states: lastStates(first.sent) });
    expect(numbers([...committed(first.sent), ...rest.sent])).toEqual(truth);
    await proveResume(make, { concurrency: 3, step: 67 });
  });

  it('asks for the first and the last key, and then takes single steps into the index', async () => {
    const { make, server } = await streamOf(KEYS.GUIDs!);
    await transcript(await make(), { killAfter: 1 });
    const looks = server.asked.filter((sql) => sql.startsWith('SELECT TOP (1) '));
    expect(looks.slice(0, 6)).toMatchSnapshot();
    expect(looks.length).toBeLessThan(4 * 9 + 3);
    const deeper = await streamOf(KEYS['two columns, the first constant']!);
    await transcript(await deeper.make(), { killAfter: 1 });
    expect(deeper.server.asked.filter((sql) => sql.startsWith('SELECT TOP (1) ')).slice(0, 6)).toMatchSnapshot();
  });

  it('reads by one chunk what it may not look into', async () => {
    const { make, server } = await streamOf(KEYS.GUIDs!);
    const query = server.query.bind(server);
    server.query = async (sql) => {
      if (/WHERE .*TOP|TOP \(1\).*WHERE/.test(sql)) throw new Error('The query was cancelled.');
      return query(sql);
    };
    const { sent, errors } = await transcript(await make());
    expect(errors).toEqual([]);
    expect(sent.filter(({ kind }) => kind === 'record')).toHaveLength(ROWS);
    expect(rangesOf(sent)).toHaveLength(1);
  });

  it('goes on with a state of one range as it was', async () => {
    const { make } = await streamOf(KEYS.GUIDs!);
    const first = await transcript(await make(), { concurrency: 1, killAfter: 45 });
    const [[stream, state]] = [...lastStates(first.sent)] as [[string, Record<string, never>]];
    const old = JSON.parse(JSON.stringify(state));
    const [part] = old.parts;
    const [begun] = part.ranges;
    part.ranges = [{ ...begun, hi: part.ranges.at(-1).hi }];
    const rest = await transcript(await make(), { states: new Map([[stream, old]]) });
    expect(rest.errors).toEqual([]);
    expect(rangesOf(rest.sent)).toHaveLength(1);
    const kept = [...committed(first.sent), ...rest.sent].filter(({ kind }) => kind === 'record');
    expect(kept).toHaveLength(ROWS);
  });
});
