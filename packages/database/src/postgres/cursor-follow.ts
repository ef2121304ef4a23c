import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import type { Follow, TableWish } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import { indexStatement } from './check.js';
import { PageMaker } from './copied-page.js';
import type { CopiedRows } from './copy-out.js';
import { lastTexts, tailTexts } from './copy-texts.js';
import { type CursorMark, cursorMark } from './cursor-mark.js';
import { postgresError } from './errors.js';
import type { Server } from './load.js';
import { orderedPages } from './ordered-pages.js';
import { ReaderSession } from './session.js';
import { literal, name, qualified } from './sql.js';
import { fileOf, MOMENT, youngerThan } from './statements.js';
import type { PostgresColumn } from './types.js';

/** More rows of one value than this are not remembered by their keys: they come again. */
const KEYS_MAX = 1_000;
/** Clocks of sessions and servers differ by less; a `timestamp` without a zone may be in any. */
const MARGIN_SECONDS = { zoned: 60, local: 26 * 3600 };
/** For how long open transactions are waited for. */
const WAIT_MS = 5_000;
const POLL_MS = 100;
const NUMBERS = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid'];
const TIMES = ['date', 'timestamp', 'timestamptz'];
const TEXTS = ['text', 'varchar', 'bpchar', 'uuid', 'citext', 'name', 'time', 'timetz'];

/** Whether values of this type are moments or days. */
export function isTime(base: string): boolean {
  return TIMES.includes(base);
}

/** Whether values of this type can be a cursor. */
export function canBeCursor(base: string): boolean {
  return NUMBERS.includes(base) || TIMES.includes(base) || TEXTS.includes(base);
}

/**
 * Following by a cursor column: rows from the last value on, in the order of (cursor, key), so that a page may end anywhere.
 * Before them, rows at or below the last value that were committed since: their transactions are at least as young as the
 * oldest that was open when the mark was made.
 */
export class CursorFollow implements Follow {
  readonly kind = 'cursor';
  readonly atOnce = false;
  private readonly maker: PageMaker;
  private readonly names: readonly string[];
  private readonly cursor: PostgresColumn;
  /** What makes the order unique: the key, or the row's address. */
  private readonly tie: readonly string[];
  private readonly hasKey: boolean;

  constructor(
    private readonly server: Server,
    private readonly table: CatalogTable,
    columns: readonly PostgresColumn[],
    column: string,
    private readonly wish: TableWish | undefined,
  ) {
    const { relation, primaryKey, indexed } = table;
    const found = table.columns.find((each) => each.name === column);
    const refuse = (why: string) => new ConnectorError('config', `The table ${relation.id} cannot be followed: ${why}`);
    if (!found) throw refuse(`it has no column '${column}'.`);
    if (!canBeCursor(found.base))
      throw refuse(`values of type ${found.type} (column '${column}') have no useful order.`);
    const isTable = 'rpm'.includes(relation.kind);
    if (isTable && !indexed.has(column) && !wish?.scan) {
      throw refuse(
        `its cursor column '${column}' leads no index, so every sync would scan and sort the table. Mend it with: ${indexStatement(relation.schema, relation.name, column)} Or set 'scan: true' for the stream, or use 'method: xmin'.`,
      );
    }
    const key = primaryKey.length > 0 ? primaryKey : (wish?.order ?? []);
    if (key.length === 0 && !isTable) throw refuse(`it has no key; name unique columns in 'order'.`);
    this.cursor = found;
    // A key holds for a table alone, not for those that inherit from it.
    this.hasKey = key.length > 0 && !(relation.kind === 'r' && table.leaves.length > 1);
    this.tie = this.hasKey ? key.filter((each) => each !== column).map(name) : ['tableoid', 'ctid'];
    this.names = columns.map((each) => each.name);
    this.maker = new PageMaker(columns);
  }

  async start(): Promise<Json> {
    const { floor, since, running } = await this.moment();
    const high = await this.greatest();
    const mark: CursorMark = { column: this.cursor.name, value: high, keys: null, floor, since, running };
    if (high !== null && this.hasKey) mark.keys = await this.keysAt(high);
    return mark as unknown as JsonObject;
  }

  accept(mark: Json): string | undefined {
    const read = cursorMark(mark);
    if (!read) return 'its mark has no cursor column';
    return read.column === this.cursor.name
      ? undefined
      : `its cursor column is '${read.column}', now it is '${this.cursor.name}'`;
  }

  async *read(from: Json, { signal }: { signal: AbortSignal }): AsyncGenerator<Page & { next: Json }> {
    const mark = cursorMark(from)!;
    const high = await this.greatest();
    const now = await this.settled(signal);
    const session = new ReaderSession(this.server.clients, `Reading ${this.table.relation.id}`);
    let last: CursorMark = { ...mark, floor: now.floor, since: now.since, running: now.running };
    try {
      const late = this.lateRows(mark, now.next);
      if (late !== undefined) yield* this.pages(session, late, () => mark, signal);
      if (high !== null) {
        const advance = (copied: CopiedRows): CursorMark => {
          last = this.advanced(last, copied);
          return last;
        };
        yield* this.pages(session, [...this.newRows(mark), `${this.column} <= ${literal(high)}`], advance, signal);
      }
    } finally {
      session.close();
    }
    yield { records: [], next: last as unknown as JsonObject };
  }

  private get column(): string {
    return name(this.cursor.name);
  }

  private async *pages(
    session: ReaderSession,
    conditions: readonly string[],
    mark: (copied: CopiedRows) => CursorMark,
    signal: AbortSignal,
  ): AsyncGenerator<Page & { next: Json }> {
    const order = [this.column, ...this.tie];
    const { relation } = this.table;
    const where = (after: readonly string[] | undefined): string[] =>
      after ? [...conditions, `(${order.join(', ')}) > (${after.map(literal).join(', ')})`] : [...conditions];
    const shared = { relation, columns: this.names, order, makePage: this.maker, settings: this.server.settings };
    const positionOf = (copied: CopiedRows): Json => mark(copied) as unknown as JsonObject;
    const checkFile = this.hasKey ? undefined : await this.fileCheck();
    const all = orderedPages({ ...shared, session, where, after: undefined, positionOf, checkFile }, signal);
    yield* all as AsyncGenerator<Page & { next: Json }>;
  }

  /** Rows at or below the mark that were not there, or not to be seen, when it was made. Undefined: there can be none. */
  private lateRows(mark: CursorMark, next: bigint): string[] | undefined {
    const { value, floor } = mark;
    if (value === null) return undefined;
    const upTo = `${this.column} <= ${literal(value)}`;
    const lookback = this.wish?.lookback;
    if (lookback !== undefined && lookback > 0) return [upTo, `${this.column} >= ${this.minus(value, lookback)}`];
    if (floor === null) return undefined;
    const { leaves } = this.table;
    const hasXmin = leaves.length > 0 && leaves.every((leaf) => leaf.filenode !== undefined);
    const young = hasXmin ? youngerThan(BigInt(floor), next) : undefined;
    const isYoung = young === undefined ? [] : [young];
    if (TIMES.includes(this.cursor.base)) return [upTo, ...this.sinceThen(mark), ...isYoung];
    // A number is given out before its transaction commits: only those that were open then can come late.
    return mark.running === false || !hasXmin ? undefined : [upTo, ...isYoung];
  }

  /** A row of a transaction has a time not before the transaction's begin: the index finds them. */
  private sinceThen({ since }: CursorMark): string[] {
    if (since === null) return [];
    const margin = this.cursor.base === 'timestamptz' ? MARGIN_SECONDS.zoned : MARGIN_SECONDS.local;
    const from = `${literal(since)}::timestamptz - interval '${margin} seconds'`;
    return [`${this.column} >= (${from})::${this.cursor.base === 'timestamptz' ? 'timestamptz' : 'timestamp'}`];
  }

  private minus(value: string, lookback: number): string {
    const { base } = this.cursor;
    if (TIMES.includes(base)) return `${literal(value)}::${base} - interval '${lookback} seconds'`;
    if (NUMBERS.includes(base)) return `${literal(value)}::${base} - ${lookback}`;
    throw new ConnectorError(
      'config',
      `The table ${this.table.relation.id} has a 'lookback' for the column '${this.cursor.name}', whose type ${this.cursor.type} cannot be counted back.`,
    );
  }

  private newRows({ value, keys }: CursorMark): string[] {
    if (value === null) return [`${this.column} IS NOT NULL`];
    const from = `${this.column} >= ${literal(value)}`;
    if (!keys || keys.length === 0 || !this.hasKey) return [from];
    const known = keys.map((key) => `(${key.map(literal).join(', ')})`).join(', ');
    const isNew = this.tie.length === 0 ? '' : ` OR (${this.tie.join(', ')}) NOT IN (${known})`;
    return [from, `${this.column} > ${literal(value)}${isNew}`];
  }

  /** The mark after a page: its last value, and the keys of the rows that have it. */
  private advanced(before: CursorMark, copied: CopiedRows): CursorMark {
    if (copied.rows === 0) return before;
    const tail = tailTexts(copied, this.tie.length + 1, KEYS_MAX + 1);
    const value = tail?.[0]?.[0] ?? lastTexts(copied, 1 + this.tie.length)[0] ?? null;
    if (!this.hasKey || !tail || tail.length > KEYS_MAX) return { ...before, value, keys: null };
    const keys = tail.map((texts) => texts.slice(1) as string[]);
    const known = value === before.value ? (before.keys ?? undefined) : [];
    const all = known === undefined ? null : [...known, ...keys];
    return { ...before, value, keys: all === null || all.length > KEYS_MAX ? null : all };
  }

  private async keysAt(value: string): Promise<string[][] | null> {
    if (this.tie.length === 0) return [[]];
    const { schema, name: relation } = this.table.relation;
    const fields = this.tie.map((each, i) => `${each}::text AS k${i}`).join(', ');
    const rows = await this.query<Record<string, string>>(
      `SELECT ${fields} FROM ${qualified(schema, relation)} WHERE ${this.column} = ${literal(value)} LIMIT ${KEYS_MAX + 1}`,
    );
    return rows.length > KEYS_MAX ? null : rows.map((row) => this.tie.map((_, i) => row[`k${i}`]!));
  }

  private async greatest(): Promise<string | null> {
    const { schema, name: relation } = this.table.relation;
    const [row] = await this.query<{ high: string }>(
      `SELECT ${this.column}::text AS high FROM ${qualified(schema, relation)} WHERE ${this.column} IS NOT NULL ORDER BY ${this.column} DESC LIMIT 1`,
    );
    return row?.high ?? null;
  }

  private async moment(): Promise<{ floor: string; since: string | null; running: boolean; next: bigint }> {
    const [row] = await this.query<{ floor: string; next: string; since: string | null; running: string }>(MOMENT);
    const { floor, since, next, running } = row!;
    return { floor, since, running: running !== '0', next: BigInt(next) };
  }

  /**
   * For values that are given out before they are committed (numbers): waits a little until the transactions that are open
   * now are over, so that nothing at or below the highest value can come late.
   */
  private async settled(signal: AbortSignal): ReturnType<CursorFollow['moment']> {
    const now = await this.moment();
    if (!now.running || TIMES.includes(this.cursor.base) || this.wish?.lookback !== undefined) return now;
    const until = performance.now() + WAIT_MS;
    while (performance.now() < until && !signal.aborted) {
      await sleep(POLL_MS);
      const later = await this.moment();
      if (BigInt(later.floor) >= now.next) return { ...now, running: false };
    }
    return now;
  }

  /** An address holds within one file only. */
  private async fileCheck(): Promise<(filenode: string | null) => void> {
    const { relation } = this.table;
    const [row] = await this.query<{ pg_relation_filenode: string | null }>(fileOf(relation));
    const before = row?.pg_relation_filenode ?? null;
    return (filenode) => {
      if (filenode === before) return;
      throw new ConnectorError(
        'transient',
        `The table ${relation.id} was rewritten on disk while it was read. Try again.`,
      );
    };
  }

  private async query<Row extends object>(text: string): Promise<Row[]> {
    try {
      return await this.server.clients.query<Row>(text);
    } catch (error) {
      throw postgresError(error, `Reading ${this.table.relation.id}`);
    }
  }
}
