import type { Sessions } from '../../src/sqlserver/sessions.js';

type Row = (string | null)[];
type Values = Record<string, string>;

/** A column of the stand-in's one table, and how SQL Server compares its values. */
export interface StandInColumn {
  name: string;
  type: string;
  length?: string;
  compare: (a: string, b: string) => number;
}

const TOKEN =
  /\[(?<name>(?:[^\]]|\]\])+)\]|CONVERT\([\w(),]+?, '(?<converted>[^']*)'(?:, \d+)?\)|N?'(?<text>(?:[^']|'')*)'|0x(?<hex>[0-9A-F]*)|(?<number>-?\d+(?:\.\d+)?)|(?<sign><=|>=|[<>=()]|AND|OR)/g;

/**
 * Answers the statements of SQL Server that read a table by its key, and evaluates their conditions. The key is `keys`, in this
 * order; every row has another. Another order is refused: no index would serve it.
 */
export class KeyedStandIn implements Sessions {
  readonly asked: string[] = [];

  /** In the order of the key. */
  private readonly rows: readonly Values[];

  constructor(
    private readonly columns: readonly StandInColumn[],
    private readonly keys: readonly string[],
    rows: readonly Values[],
    private readonly bytes: number,
  ) {
    const compared = keys.map((key) => this.column(key));
    this.rows = [...rows].sort((a, b) => {
      for (const { name, compare } of compared) {
        const order = compare(a[name]!, b[name]!);
        if (order !== 0) return order;
      }
      return 0;
    });
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
    if (text.includes('sys.columns c JOIN'))
      return this.columns.map(({ name, type, length }) => [
        'dbo',
        't',
        name,
        type,
        length ?? '4',
        '0',
        '0',
        '0',
        null,
        null,
      ]);
    if (text.includes('sys.indexes')) return this.keys.map((key) => ['dbo', 't', 'pk', '1', '1', '1', '0', key]);
    if (text.includes('sys.objects o JOIN')) return [['dbo', 't', 'U', String(this.bytes), String(this.rows.length)]];
    this.asked.push(text);
    const parts = /^SELECT TOP \((\d+)\) (.*) FROM \[dbo\]\.\[t\](?: WHERE (.*))? ORDER BY (.*)$/.exec(text);
    if (!parts) throw new Error(`not understood: ${text}`);
    const [, limit, list, where, order] = parts as unknown as [string, string, string, string | undefined, string];
    const holds = where === undefined ? () => true : this.predicate(where);
    const by = [...order.matchAll(/\[((?:[^\]]|\]\])+)\]( DESC)?/g)];
    const isServed = by.every(([, name], i) => name === this.keys[i]) && new Set(by.map((each) => each[2])).size === 1;
    if (!isServed) throw new Error(`no index is in this order: ${text}`);
    const names = [...list.matchAll(/\[((?:[^\]]|\]\])+)\]/g)].map(([, name]) => name!);
    const found = this.rows.filter(holds);
    if (by[0]![2] !== undefined) found.reverse();
    return found.slice(0, Number(limit)).map((row) => names.map((name) => row[name]!));
  }

  private column(name: string): StandInColumn {
    const column = this.columns.find((each) => each.name === name);
    if (!column) throw new Error(`no column ${name}`);
    return column;
  }

  /** `a AND (b OR c)`: OR binds less than AND. */
  private predicate(where: string): (row: Values) => boolean {
    const tokens = [...where.matchAll(TOKEN)].map(({ groups }) => groups!);
    let at = 0;
    const takes = (sign: string): boolean => tokens[at]?.sign === sign && at++ >= 0;
    type Test = (row: Values) => boolean;
    const any = (): Test => {
      const tests = [all()];
      while (takes('OR')) tests.push(all());
      return (row) => tests.some((test) => test(row));
    };
    const all = (): Test => {
      const tests = [one()];
      while (takes('AND')) tests.push(one());
      return (row) => tests.every((test) => test(row));
    };
    const one = (): Test => {
      if (takes('(')) {
        const test = any();
        if (!takes(')')) throw new Error(`brackets: ${where}`);
        return test;
      }
      const [left, sign, right] = [tokens[at++]!, tokens[at++]!.sign!, tokens[at++]!];
      const column = this.column(left.name!);
      const value = right.converted ?? right.text?.replaceAll("''", "'") ?? right.hex ?? right.number!;
      return (row) => {
        const order = column.compare(row[column.name]!, value);
        if (sign === '=') return order === 0;
        return sign === '<' ? order < 0 : sign === '<=' ? order <= 0 : sign === '>' ? order > 0 : order >= 0;
      };
    };
    const test = any();
    if (at !== tokens.length) throw new Error(`not understood: ${where}`);
    return test;
  }
}

const PEOPLE = new Intl.Collator('en', { sensitivity: 'base' });

/** Whole numbers. */
export function byNumber(a: string, b: string): number {
  return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
}

/** As a collation that knows neither case nor spaces at the end. */
export function byPeople(a: string, b: string): number {
  return PEOPLE.compare(a.trimEnd(), b.trimEnd());
}

/** Bytes in hexadecimal. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of `uniqueidentifier`, as .NET's SqlGuid has it: of these bytes of a GUID in memory, one after the other. */
const BYTES = [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3];

export function byGuid(a: string, b: string): number {
  const inMemory = (text: string): Buffer => {
    const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
    return Buffer.concat([
      Buffer.from(bytes.subarray(0, 4)).reverse(),
      Buffer.from(bytes.subarray(4, 6)).reverse(),
      Buffer.from(bytes.subarray(6, 8)).reverse(),
      bytes.subarray(8),
    ]);
  };
  const [left, right] = [inMemory(a), inMemory(b)];
  for (const place of BYTES) if (left[place] !== right[place]) return left[place]! - right[place]!;
  return 0;
}
