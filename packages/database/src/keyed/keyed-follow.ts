import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import type { Follow } from '../dialect.js';
import { keyOrder, keyPredicate } from '../key-paging.js';
import { EqualValues } from './equal-values.js';
import { type KeyedColumn, type KeyedReading, keySqlOf, relationId, tableSql } from './keyed-server.js';
import { PageReader } from './page-reader.js';

/** Keys of rows at the mark's own value are remembered up to this number; beyond it they come again. */
const BOUNDARY_KEYS_MAX = 10_000;

/** The mark: every row up to `value` has been read, and of those at `value` itself the ones with these keys. */
interface CursorMark {
  column: string;
  /** Null: nothing has been read by this column yet. */
  value: string | null;
  keys: string[];
}

/** The rows at one value. */
interface Group {
  readonly value: string | null;
  readonly keys: Set<string>;
}

interface Row {
  readonly at: string;
  readonly key: string;
}

/** What one statement is asked for. */
interface Stretch {
  from: string | null;
  /** The place of the row that was read last. */
  after: readonly string[] | undefined;
  upTo: string | undefined;
}

/**
 * Reading what is new by a column that only rises. Rows at the value of the mark are asked for again, and those whose keys
 * the mark remembers are passed over: a row that came late with the same value is not lost, and none is repeated. The
 * relation has an order: by it a page may end inside a group of equal values.
 */
export class KeyedFollow<C extends KeyedColumn> implements Follow {
  readonly kind = 'cursor';
  readonly atOnce = false;
  private readonly order: readonly C[];
  private readonly doing: string;
  private readonly equal: EqualValues<C>;

  constructor(
    private readonly reading: KeyedReading<C>,
    private readonly column: C,
    /** Each sync reads this much again below the mark: seconds for times, units for numbers. */
    private readonly lookback: number,
    private readonly warn: (message: string) => void,
  ) {
    const { relation } = reading;
    this.order = [column, ...relation.order.filter((each) => each.name !== column.name)];
    this.doing = `Reading ${relationId(relation)} by ${column.name}`;
    this.equal = new EqualValues(reading.server, column);
  }

  async start(): Promise<Json> {
    const { relation, server } = this.reading;
    const { column } = this;
    const empty: CursorMark = { column: column.name, value: null, keys: [] };
    if (!relation.indexed.has(column.name)) {
      this.warn(
        `${relationId(relation)}: no index begins with the cursor column '${column.name}', so its last value is not looked for. The first sync after the load reads the rows once more. CREATE INDEX tidemark_cursor ON ${tableSql(server, relation)} (${server.quote(column.name)}) mends it.`,
      );
      return empty as unknown as Json;
    }
    const name = server.quote(column.name);
    try {
      const table = tableSql(server, relation);
      const value = await this.highest();
      if (value === undefined) return empty as unknown as Json;
      const key = relation.order.map((each) => server.selectedKey(each)).join(', ');
      const equal = `${name} = ${server.literal(column, value)}`;
      const rows = await server.query(server.select(key, table, equal, name, BOUNDARY_KEYS_MAX + 1));
      return this.mark(value, new Set(rows.map((row) => keyOf(row.map((each) => each ?? '')))));
    } catch (error) {
      throw server.error(error, `Looking for the last ${column.name} of ${relationId(relation)}`);
    }
  }

  accept(mark: Json): string | undefined {
    const met = markOf(mark);
    if (!met) return 'its mark is none of a cursor column';
    if (met.column !== this.column.name)
      return `it goes on by the column '${met.column}', the stream by '${this.column.name}'`;
    return undefined;
  }

  async *read(given: Json, { signal }: { signal: AbortSignal }): AsyncIterable<Page & { next: Json }> {
    const mark = markOf(given);
    if (!mark) throw new ConnectorError('config', `${this.doing}: the state has no mark of a cursor column.`);
    const { server, columns } = this.reading;
    let seen = new Set(this.lookback > 0 ? [] : mark.keys);
    let group: Group = { value: mark.value, keys: new Set(mark.keys) };
    let after: string[] | undefined;
    const upTo = await this.upperBound();
    if (upTo === null) {
      yield { records: [], next: given };
      return;
    }
    const reader = new PageReader(server, columns, this.order.length, this.doing);
    try {
      for (;;) {
        const { page, places, more } = await reader.next(
          (limit) => this.statement({ from: mark.value, after, upTo }, limit),
          signal,
          true,
        );
        const rows = places.map(([at, ...rest]) => ({ at: at!, key: keyOf(this.keyPlace(at!, rest)) }));
        const old = mark.value === null || seen.size === 0 ? 0 : await this.leading(rows, mark.value);
        const fresh = page.records.filter((_, i) => i >= old || !seen.has(rows[i]!.key));
        // Behind the rows at the mark's value there are no more of them.
        if (old < rows.length) seen = new Set();
        group = await this.lastGroup(group, rows.slice(this.behind(rows, mark.value)));
        after = places.at(-1);
        yield { ...page, records: fresh, next: this.mark(group.value, group.keys) };
        if (!more || after === undefined) return;
      }
    } finally {
      reader.close();
    }
  }

  /** The rows at the last value of these, with those of the pages before that are at the same value. */
  private async lastGroup(before: Group, rows: readonly Row[]): Promise<Group> {
    const last = rows.at(-1);
    if (!last) return before;
    const from = rows.length - (await this.leading([...rows].reverse(), last.at));
    const goesOn = from === 0 && before.value !== null && (await this.leading(rows.slice(0, 1), before.value)) > 0;
    const group = goesOn ? before : { value: last.at, keys: new Set<string>() };
    for (const { key } of rows.slice(from)) group.keys.add(key);
    return group;
  }

  private async leading(rows: readonly Row[], value: string): Promise<number> {
    try {
      return await this.equal.leading(
        rows.map(({ at }) => at),
        value,
      );
    } catch (error) {
      throw this.reading.server.error(error, this.doing);
    }
  }

  /** From which of these on rows are not below the mark: those inside the look-back do not move it. */
  private behind(rows: readonly Row[], from: string | null): number {
    const index = rows.findIndex(({ at }) => this.isAhead(at, from));
    return index < 0 ? rows.length : index;
  }

  private isAhead(value: string, from: string | null): boolean {
    if (this.lookback <= 0 || from === null) return true;
    if (this.column.keyForm !== 'number') return value >= from;
    const isWhole = /^-?\d+$/.test(value) && /^-?\d+$/.test(from);
    return isWhole ? BigInt(value) >= BigInt(from) : Number(value) >= Number(from);
  }

  /** The key of the row, its columns in the key's own order. */
  private keyPlace(at: string, rest: string[]): string[] {
    const names = this.reading.relation.order.map((column) => column.name);
    const others = [...rest];
    return names.map((name) => (name === this.column.name ? at : (others.shift() ?? '')));
  }

  private mark(value: string | null, keys: ReadonlySet<string>): Json {
    // Too many to remember: all of them come again, which is better than losing one.
    const kept = keys.size <= BOUNDARY_KEYS_MAX ? [...keys] : [];
    return { column: this.column.name, value, keys: kept };
  }

  /** The highest value by the column's index; undefined when there is none. Throws what the driver throws. */
  private async highest(): Promise<string | undefined> {
    const { server, relation } = this.reading;
    const name = server.quote(this.column.name);
    const [last] = await server.query(
      server.select(
        server.selectedKey(this.column),
        tableSql(server, relation),
        `${name} IS NOT NULL`,
        `${name} DESC`,
        1,
      ),
    );
    return last?.[0] ?? undefined;
  }

  /**
   * Up to where this reading goes, taken once: while others write, it comes to an end. Null: there is nothing. Undefined: no
   * index has it, so there is no bound.
   */
  private async upperBound(): Promise<string | null | undefined> {
    const { server, relation } = this.reading;
    if (!relation.indexed.has(this.column.name)) return undefined;
    try {
      return (await this.highest()) ?? null;
    } catch (error) {
      throw server.error(error, `Looking for the last ${this.column.name} of ${relationId(relation)}`);
    }
  }

  private statement({ from, after, upTo }: Stretch, limit: number): string {
    const { server, relation, columns } = this.reading;
    const sql = keySqlOf(server, this.order);
    const names = this.order.map((column) => column.name);
    const cursor = server.quote(this.column.name);
    let where = `${cursor} IS NOT NULL`;
    if (after) where = keyPredicate(names, after, 'after', sql);
    else if (from !== null) where = `${cursor} >= ${this.lowerBound(from)}`;
    if (upTo !== undefined) where = `(${where}) AND ${cursor} <= ${server.literal(this.column, upTo)}`;
    const list = [
      ...columns.map((column) => server.selected(column)),
      ...this.order.map((column) => server.selectedKey(column)),
    ].join(', ');
    return server.select(list, tableSql(server, relation), where, keyOrder(names, sql), limit);
  }

  private lowerBound(from: string): string {
    const { server } = this.reading;
    const literal = server.literal(this.column, from);
    return this.lookback > 0 ? server.below(literal, this.column, this.lookback) : literal;
  }
}

function keyOf(key: readonly string[]): string {
  return canonical([...key]);
}

function markOf(mark: Json): CursorMark | undefined {
  if (typeof mark !== 'object' || mark === null || Array.isArray(mark)) return undefined;
  const { column, value, keys } = mark as JsonObject;
  if (typeof column !== 'string' || (value !== null && typeof value !== 'string') || !Array.isArray(keys))
    return undefined;
  return { column, value: value as string | null, keys: keys.map(String) };
}
