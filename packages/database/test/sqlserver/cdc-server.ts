import type { Connection } from '@tidemark/source';
import type { ReadingSettings, TableWish } from '../../src/index.js';
import { logConnection } from '../../src/log/log-connection.js';
import { readingSettings } from '../../src/reading-settings.js';
import { sqlServerDatabase } from '../../src/sqlserver/dialect.js';
import type { Sessions } from '../../src/sqlserver/sessions.js';
import { TableStream } from '../../src/table-stream.js';
import { context } from '../reading.js';

type Row = (string | null)[];
type Values = Record<string, string | null>;

/** A row of a change table. */
interface Change {
  lsn: string;
  command: string;
  seqval: string;
  operation: string;
  values: Values;
}

interface Instance {
  name: string;
  table: string;
  min: string;
  columns: string[];
  hasCommands: boolean;
  rows: Change[];
}

/** One change in a transaction: a row that is written, or the key of one that goes. */
export type Write = { table: string; put: Values } | { table: string; drop: string };

export const lsn = (number: number): string => number.toString(16).toUpperCase().padStart(20, '0');

/**
 * Answers the statements of SQL Server's change data capture by hand, from tables of its own: what a server would answer as far
 * as Microsoft describes it. Tables have the key `id` and the columns that they are made with; a commit is brought into the
 * change tables by `capture`, as the capture job does.
 */
export class CdcServer implements Sessions {
  readonly asked: string[] = [];
  readonly tables = new Map<string, { columns: string[]; rows: Map<string, Values> }>();
  readonly instances: Instance[] = [];
  isEnabled = true;
  guid = 'F0F0F0F0-0000-0000-0000-000000000001';
  max: string | null = null;
  /** Of every commit, as `lsn_time_mapping` has it; null where it has been cleaned up. */
  time: string | null = '2026-03-01T12:30:00';
  /** What other statements are answered with, by a piece of their text. */
  readonly answers = new Map<string, Row[] | Error>();
  /** Called before each statement. */
  before: (sql: string) => void = () => undefined;
  private readonly waiting: { lsn: string; writes: Change[][]; tables: string[] }[] = [];
  private log = 100;

  table(name: string, columns: string[], rows: Values[] = []): void {
    this.tables.set(name, { columns, rows: new Map(rows.map((row) => [row.id!, row])) });
  }

  /** A capture instance of the columns that are given; without any, of all. */
  enable(table: string, columns?: string[], hasCommands = true): void {
    const all = this.tables.get(table)!.columns;
    const number = this.instances.filter((each) => each.table === table).length;
    const name = `dbo_${table}${number === 0 ? '' : `_${number + 1}`}`;
    this.instances.push({ name, table, min: lsn(++this.log), columns: [...(columns ?? all)], hasCommands, rows: [] });
  }

  /** A transaction. It is in the tables at once, and in the change tables when it is captured. */
  commit(...writes: Write[]): void {
    const changes = writes.map((write, index): Change[] => {
      const { rows } = this.tables.get(write.table)!;
      const id = 'put' in write ? write.put.id! : write.drop;
      const old = rows.get(id);
      if ('put' in write) rows.set(id, { ...old, ...write.put });
      else rows.delete(id);
      const facts = { lsn: '', command: String(index + 1), seqval: lsn(++this.log) };
      const now = rows.get(id);
      if (!now) return [{ ...facts, operation: '1', values: old! }];
      if (!old) return [{ ...facts, operation: '2', values: now }];
      return [
        { ...facts, operation: '3', values: old },
        { ...facts, operation: '4', values: now },
      ];
    });
    this.waiting.push({ lsn: lsn(++this.log), writes: changes, tables: writes.map(({ table }) => table) });
  }

  /** What the capture job does: the oldest commits, or all of them, go into the change tables. */
  capture(count = this.waiting.length): void {
    for (const { lsn: at, writes, tables } of this.waiting.splice(0, count)) {
      for (const [index, changes] of writes.entries())
        for (const instance of this.instances)
          if (instance.table === tables[index] && instance.min <= at)
            instance.rows.push(...changes.map((change) => ({ ...change, lsn: at })));
      this.max = at;
    }
    this.max ??= lsn(this.log);
  }

  /** What the clean-up job does. */
  cleanUp(table: string, upTo: string): void {
    for (const instance of this.instances.filter((each) => each.table === table)) {
      instance.min = upTo;
      instance.rows = instance.rows.filter((row) => row.lsn >= upTo);
    }
  }

  async query(sql: string): Promise<Row[]> {
    return this.answer(sql);
  }

  async take() {
    return {
      fetch: async (sql: string) => ({ rows: this.answer(sql), bytes: 10, isCut: false }),
      rows: () => {
        throw new Error('nothing is read by one statement here');
      },
      release: () => undefined,
    };
  }

  async close(): Promise<void> {}

  private answer(sql: string): Row[] {
    const text = sql.replace(/\s+/g, ' ');
    this.before(text);
    this.asked.push(text);
    for (const [piece, rows] of this.answers) {
      if (!text.includes(piece)) continue;
      if (rows instanceof Error) throw rows;
      return rows;
    }
    if (text.includes('FROM sys.databases')) return [[this.isEnabled ? '1' : '0', this.guid]];
    if (text.includes('fn_cdc_get_max_lsn')) return [[this.max]];
    if (text.includes('FROM cdc.captured_columns'))
      return this.instances.flatMap(({ name, columns }) => columns.map((column) => [name, column, '0']));
    if (text.includes('FROM cdc.change_tables'))
      return this.instances.map(({ name, table, min, hasCommands }) => [
        'dbo',
        table,
        name,
        min,
        hasCommands ? '1' : '0',
      ]);
    const min = /^SELECT CONVERT\(varchar\(20\), sys\.fn_cdc_get_min_lsn\(N'(\w+)'\), 2\)$/.exec(text);
    if (min) return [[this.instances.find(({ name }) => name === min[1])?.min ?? lsn(0)]];
    if (text.includes('_CT]')) return this.changes(text);
    if (text.includes('FROM [dbo].')) return this.rows(text);
    return this.catalog(text);
  }

  private catalog(text: string): Row[] {
    const tables = [...this.tables];
    if (text.includes('sys.columns c JOIN'))
      return tables.flatMap(([table, { columns }]) =>
        columns.map((name) =>
          name === 'id'
            ? ['dbo', table, name, 'int', '4', '10', '0', '0', 'int']
            : ['dbo', table, name, 'nvarchar', '80', '0', '0', '1', 'nvarchar'],
        ),
      );
    if (text.includes('sys.indexes')) return tables.map(([table]) => ['dbo', table, 'pk', '1', '1', '1', '0', 'id']);
    if (text.includes('sys.objects o JOIN'))
      return tables.map(([table, { rows }]) => ['dbo', table, 'U', '8192', String(rows.size)]);
    throw new Error(`an unknown statement: ${text}`);
  }

  private rows(text: string): Row[] {
    const [, list, table] = /^SELECT TOP \(\d+\) (.*) FROM \[dbo\]\.\[(\w+)\]/.exec(text)!;
    const after = Number(/\[id\] > (-?\d+)/.exec(text)?.[1] ?? Number.NEGATIVE_INFINITY);
    const upTo = Number(/\[id\] <= (-?\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
    const sign = text.includes('DESC') ? -1 : 1;
    return [...this.tables.get(table!)!.rows.values()]
      .filter(({ id }) => Number(id) > after && Number(id) <= upTo)
      .sort((a, b) => sign * (Number(a.id) - Number(b.id)))
      .slice(0, limitOf(text))
      .map((row) => [...list!.matchAll(/\[(\w+)\]/g)].map(([, name]) => row[name!] ?? null));
  }

  private changes(text: string): Row[] {
    const [, list, name, where, order] =
      /^SELECT TOP \(\d+\) (.*) FROM \[cdc\]\.\[(\w+)_CT\] c WHERE (.*) ORDER BY (.*)$/.exec(text)!;
    const instance = this.instances.find((each) => each.name === name);
    if (!instance) throw new Error(`Invalid object name 'cdc.${name}_CT'.`);
    const own = list!.slice(0, list!.indexOf('CONVERT(varchar(20), c.[__$start_lsn]'));
    const expressions = own.match(/CONVERT\([^,]+, c\.\[\w+\]\)|c\.\[\w+\]|NULL/g) ?? [];
    const holds = predicate(where!);
    const key = [...order!.matchAll(/c\.\[__\$(\w+)\]/g)].map(([, part]) => part!);
    return instance.rows
      .filter((row) => holds(row))
      .sort((a, b) => compare(key, a, b))
      .slice(0, limitOf(text))
      .map((row) => [
        ...expressions.map((expression) => {
          const column = /c\.\[(\w+)\]/.exec(expression)?.[1];
          if (column !== undefined && !instance.columns.includes(column))
            throw new Error(`Invalid column '${column}'.`);
          return column === undefined ? null : (row.values[column] ?? null);
        }),
        row.lsn,
        instance.hasCommands ? row.command : '',
        row.seqval,
        row.operation,
        this.time,
      ]);
  }
}

function limitOf(text: string): number {
  return Number(/TOP \((\d+)\)/.exec(text)![1]);
}

const FIELDS: Record<string, (row: Change) => string | number> = {
  start_lsn: ({ lsn: at }) => at,
  command_id: ({ command }) => Number(command),
  seqval: ({ seqval }) => seqval,
  operation: ({ operation }) => Number(operation),
};

function compare(key: readonly string[], a: Change, b: Change): number {
  for (const part of key) {
    const [left, right] = [FIELDS[part]!(a), FIELDS[part]!(b)];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** Understands comparisons, AND, OR and brackets: what the condition says, not what it was made from. */
function predicate(where: string): (row: Change) => boolean {
  const tokens = where.match(/c\.\[__\$\w+\]|0x[0-9A-F]+|\d+|<>|<=|>=|[<>=()]|AND|OR/g)!;
  let at = 0;
  type Test = (row: Change) => boolean;
  const either = (): Test => {
    const parts = [both()];
    while (tokens[at] === 'OR') {
      at++;
      parts.push(both());
    }
    return (row) => parts.some((part) => part(row));
  };
  const both = (): Test => {
    const parts = [one()];
    while (tokens[at] === 'AND') {
      at++;
      parts.push(one());
    }
    return (row) => parts.every((part) => part(row));
  };
  const one = (): Test => {
    if (tokens[at] === '(') {
      at++;
      const inner = either();
      if (tokens[at++] !== ')') throw new Error(`brackets: ${where}`);
      return inner;
    }
    const field = FIELDS[/\$(\w+)/.exec(tokens[at++]!)![1]!]!;
    const sign = tokens[at++]!;
    const literal = tokens[at++]!;
    const value = literal.startsWith('0x') ? literal.slice(2) : Number(literal);
    return (row) => {
      const met = field(row);
      if (typeof met !== typeof value) throw new Error(`unlike types: ${where}`);
      const order = met === value ? 0 : met < value ? -1 : 1;
      return {
        '=': order === 0,
        '<>': order !== 0,
        '<': order < 0,
        '>': order > 0,
        '<=': order <= 0,
        '>=': order >= 0,
      }[sign]!;
    };
  };
  const test = either();
  if (at !== tokens.length) throw new Error(`not understood: ${where}`);
  return test;
}

/** A source over such a server, as `createDatabaseSource` makes it. */
export async function connect(
  server: CdcServer,
  reading: Partial<ReadingSettings> = {},
  wishes?: TableWish[],
): Promise<{ connection: Connection; logs: string[] }> {
  const settings = readingSettings({ method: 'log', page_rows: 3, concurrency: 1, ...reading });
  const logs: string[] = [];
  const surroundings = context(logs);
  const database = sqlServerDatabase(server, settings, 'reader', (message) => surroundings.log('WARN', message));
  const tables = await database.tables(wishes);
  const streams = tables.map(
    (table) =>
      new TableStream({
        dialect: 'sqlserver',
        table,
        wish: wishes?.find(({ name }) => name === table.name),
        settings,
        context: surroundings,
      }),
  );
  const log = database.log!();
  const check = async () => ({ succeeded: true, message: JSON.stringify(await log.check(tables), null, 1) });
  const inner: Connection = { streams, concurrency: settings.concurrency, check, close: () => database.close() };
  const followed = tables.filter((_, index) => streams[index]!.followKind() === 'log');
  const connection = logConnection({
    dialect: 'sqlserver',
    inner,
    log,
    tables: followed,
    context: surroundings,
    loadSeconds: settings.log_load_seconds,
    onLostPosition: settings.on_lost_position,
  });
  return { connection, logs };
}

/** A row of `pets` or `toys`. */
export const row = (id: number, name = `n${id}`) => ({ id: String(id), name });

/** A server with two captured tables: some pets, and a toy. */
export function pets(count = 4): CdcServer {
  const server = new CdcServer();
  server.table(
    'pets',
    ['id', 'name'],
    Array.from({ length: count }, (_, i) => row(i + 1)),
  );
  server.table('toys', ['id', 'name'], [row(1)]);
  server.enable('pets');
  server.enable('toys');
  server.capture();
  return server;
}
