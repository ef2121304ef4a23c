import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import type { Follow, TableWish } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import { indexStatement } from './check.js';
import { PageMaker } from './copied-page.js';
import type { CopiedRows } from './copy-out.js';
import { advanced, KEYS_MAX, type TailFacts, withKeys } from './cursor-keys.js';
import { type CursorMark, type CursorMoment, cursorMark, type Keys } from './cursor-mark.js';
import { refusedState } from './cursor-refusal.js';
import { type CursorValues, canBeCursor, cursorValues, isEndless, isNumber, isTime } from './cursor-values.js';
import { postgresError } from './errors.js';
import type { Server } from './load.js';
import { FLOOR, lateSince, takeMoment } from './moment.js';
import { orderedPages } from './ordered-pages.js';
import { ReaderSession } from './session.js';
import { literal, name, qualified } from './sql.js';
import { fileOf } from './statements.js';
import type { PostgresColumn } from './types.js';

/** Clocks of sessions and servers differ by less; a `timestamp` without a zone may be in any. */
const MARGIN_SECONDS = { zoned: 60, local: 26 * 3600 };
/** For how long open transactions are waited for. */
const WAIT_MS = 5_000;
const POLL_MS = 100;
/** Pages of rows with some conditions. */
interface Pass {
  readonly where: readonly string[];
  readonly after?: readonly string[] | undefined;
  readonly mark: (copied: CopiedRows, after: readonly string[] | undefined) => CursorMark;
}

type MarkedPage = Page & { next: Json };

/**
 * Following by a cursor column: rows from the last value on, in the order of (cursor, key), so that a page may end anywhere.
 * Before them, rows at or below the last value that were committed since: their transactions were open when the mark was made,
 * or are younger. Rows that are at an infinity, or at NaN, are found in the same way wherever the mark is.
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
  /** The transaction that wrote a row can be asked for. */
  private readonly hasXmin: boolean;
  private readonly values: CursorValues;

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
    const { leaves } = table;
    // Rights on some columns are none on the system's.
    this.hasXmin =
      leaves.length > 0 &&
      leaves.every(({ filenode, oid, mayRead }) => filenode !== undefined && (mayRead || oid !== relation.oid));
    this.values = cursorValues(name(column), found.base, server.tidRanges);
    this.tie = this.hasKey ? key.filter((each) => each !== column).map(name) : ['tableoid', 'ctid'];
    this.names = columns.map((each) => each.name);
    this.maker = new PageMaker(columns);
  }

  async start(): Promise<Json> {
    const moment = await this.moment();
    const value = await this.greatest();
    const keys = value !== null && this.hasKey ? await this.keysWhere(`${this.column} = ${literal(value)}`) : null;
    if (await this.hasEndless()) this.warnOfEndless();
    return markJson({ column: this.cursor.name, value, keys, ...moment });
  }

  accept(mark: Json): string | undefined {
    const read = cursorMark(mark);
    if (!read) return 'its mark has no cursor column';
    return read.column === this.cursor.name
      ? undefined
      : `its cursor column is '${read.column}', now it is '${this.cursor.name}'`;
  }

  async *read(from: Json, { signal }: { signal: AbortSignal }): AsyncGenerator<MarkedPage> {
    const session = new ReaderSession(this.server.clients, `Reading ${this.table.relation.id}`);
    let mark = this.usable(cursorMark(from)!);
    try {
      // First what a sync that was broken off left of the rows that were late for it.
      if (mark.begun) mark = yield* this.lateRows(session, mark, mark.begun.moment, await this.moment(), signal);
      const high = await this.greatest();
      const now = await this.settled(signal);
      mark = yield* this.lateRows(session, mark, now, now, signal);
      if (high !== null) {
        const where = [...this.newRows(mark), `${this.column} <= ${literal(high)}`, ...this.isSeenAt(now)];
        const advance = (copied: CopiedRows): CursorMark => {
          mark = advanced(mark, copied, this.tail);
          return mark;
        };
        yield* this.pages(session, { where, mark: advance }, signal);
      }
    } catch (error) {
      throw (await this.refusal(mark, error)) ?? error;
    } finally {
      session.close();
    }
    yield { records: [], next: markJson(mark) };
  }

  private get column(): string {
    return name(this.cursor.name);
  }

  /** Nothing comes after an infinity: all rows are read again, for which of them are new is not known. */
  private usable(mark: CursorMark): CursorMark {
    if (mark.value === null || !isEndless(mark.value, this.cursor.base)) return mark;
    this.server.warn(
      `${this.table.relation.id}: the state is at '${mark.value}' of the cursor column '${this.cursor.name}', after which no value comes. Its rows are read again.`,
    );
    const { begun, ...rest } = mark;
    return { ...rest, value: null, keys: null };
  }

  /** Says so where it is the state that the server cannot read. */
  private async refusal({ value, keys, begun }: CursorMark, error: unknown): Promise<ConnectorError | undefined> {
    if (value === null) return undefined;
    const order = [this.column, ...this.tie].join(', ');
    const conditions = [
      `${this.column} = ${literal(value)}`,
      (keys && this.isNoneOf(keys)) ?? 'true',
      begun ? `(${order}) > (${begun.after.map(literal).join(', ')})` : 'true',
    ];
    const doubted = { relation: this.table.relation, column: this.cursor, value, conditions };
    return refusedState(error, doubted, (text) => this.query(text));
  }

  private async hasEndless(): Promise<boolean> {
    const { endless } = this.values;
    if (endless === undefined) return false;
    const { schema, name: relation } = this.table.relation;
    return (await this.query(`SELECT 1 FROM ${qualified(schema, relation)} WHERE ${endless} LIMIT 1`)).length > 0;
  }

  private warnOfEndless(): void {
    this.server.warn(
      `${this.table.relation.id}: rows have an infinity or NaN in the cursor column '${this.cursor.name}'. They are read when they are written, and the sync goes on from the other values.${this.hasXmin ? '' : ` More than ${KEYS_MAX} of them come again with every sync.`}`,
    );
  }

  private async *pages(session: ReaderSession, pass: Pass, signal: AbortSignal): AsyncGenerator<MarkedPage> {
    const order = [this.column, ...this.tie];
    const { relation } = this.table;
    const where = (after: readonly string[] | undefined): string[] =>
      after ? [...pass.where, `(${order.join(', ')}) > (${after.map(literal).join(', ')})`] : [...pass.where];
    const shared = { relation, columns: this.names, order, makePage: this.maker, settings: this.server.settings };
    const positionOf = (copied: CopiedRows, after: readonly string[] | undefined): Json =>
      markJson(pass.mark(copied, after));
    const checkFile = this.hasKey ? undefined : await this.fileCheck();
    const all = orderedPages({ ...shared, session, where, after: pass.after, positionOf, checkFile }, signal);
    yield* all as AsyncGenerator<MarkedPage>;
  }

  /**
   * Rows that a mark passed over: those without an ordinary value, and those at or below its value. Gives the mark of the moment
   * from which on rows are late next time. A mark on the way says how far this came, so that none of them comes twice.
   */
  private async *lateRows(
    session: ReaderSession,
    { begun, ...from }: CursorMark,
    moment: CursorMoment,
    { next }: CursorMoment,
    signal: AbortSignal,
  ): AsyncGenerator<MarkedPage, CursorMark> {
    const filter = this.hasXmin ? lateSince(from, BigInt(next!)) : undefined;
    const passes = [
      ['endless', this.endlessRows(from, filter)],
      ['late', this.belowMark(from, filter)],
    ] as const;
    // What has come since the moment is late next time.
    const unseen = this.hasXmin ? lateSince(moment, BigInt(next!)) : undefined;
    const isSeen = unseen === undefined || this.looksBack ? [] : [`NOT (${unseen})`];
    let mark: CursorMark = from;
    let isTold = false;
    for (const [pass, where] of passes) {
      if (!where || (pass === 'endless' && begun?.pass === 'late')) continue;
      const advance = (copied: CopiedRows, after: readonly string[] | undefined): CursorMark => {
        if (pass === 'late') mark = withKeys(mark, copied, this.tail);
        else if (copied.rows > 0 && !isTold) {
          this.warnOfEndless();
          isTold = true;
        }
        return this.hasKey && after ? { ...mark, begun: { moment, pass, after } } : mark;
      };
      yield* this.pages(
        session,
        { where: [...where, ...isSeen], after: begun?.pass === pass ? begun.after : undefined, mark: advance },
        signal,
      );
    }
    return { ...mark, ...moment };
  }

  private endlessRows({ endless: known }: CursorMark, filter: string | undefined): string[] | undefined {
    const { endless } = this.values;
    if (endless === undefined) return undefined;
    if (this.hasXmin) return filter === undefined ? [endless] : [endless, filter];
    const isNew = known ? this.isNoneOf(known) : undefined;
    return isNew === undefined ? [endless] : [endless, isNew];
  }

  /** Rows at the mark that were not sent, and those at or below it that were not there, or not to be seen, when it was made. */
  private belowMark(mark: CursorMark, filter: string | undefined): string[] | undefined {
    const { value, floor, keys } = mark;
    if (value === null) return undefined;
    const { column } = this;
    const upTo = `${column} <= ${literal(value)}`;
    if (this.looksBack) return [upTo, `${column} >= ${this.minus(value, this.wish!.lookback!)}`];
    const isAt = `${column} = ${literal(value)}`;
    const areAllLate = this.hasXmin && floor !== null && filter === undefined;
    const isNew = keys && !areAllLate ? this.isNoneOf(keys) : undefined;
    const late = this.lateFor(mark, filter);
    const isAgain = filter && late ? ` OR (${late.join(' AND ')})` : '';
    const at = isNew === undefined ? isAt : `${isAt} AND (${isNew}${isAgain})`;
    if (!late) return [at];
    const from = this.sinceThen(mark).map((each) => `${column} >= LEAST(${literal(value)}, ${each})`);
    return [upTo, ...from, `(${at}) OR (${[`${column} < ${literal(value)}`, ...late].join(' AND ')})`];
  }

  /** What rows that are late for a moment fulfil, whatever the mark's value; undefined: there are none. */
  private lateFor(moment: CursorMoment, filter: string | undefined): string[] | undefined {
    if (moment.floor === null) return undefined;
    // A number is given out before its transaction commits: only those that were open then can come late.
    if (!isTime(this.cursor.base) && (moment.running === false || !this.hasXmin)) return undefined;
    const since = this.sinceThen(moment).map((from) => `${this.column} >= ${from}`);
    return [...since, ...(filter ? [filter] : [])];
  }

  /** Of the rows that are there by now, those that are not late for a moment: the others are read by the next sync, and once. */
  private isSeenAt(moment: CursorMoment & { next: string }): string[] {
    const unseen = this.hasXmin && !this.looksBack ? lateSince(moment, BigInt(moment.next)) : undefined;
    const late = unseen === undefined ? undefined : this.lateFor(moment, unseen);
    return late ? [`NOT (${late.join(' AND ')})`] : [];
  }

  /** Some rows come again with every sync, by the user's wish. */
  private get looksBack(): boolean {
    return (this.wish?.lookback ?? 0) > 0;
  }

  /** A row of a transaction has a time not before the transaction's begin: the index finds them. */
  private sinceThen({ since }: CursorMoment): string[] {
    const { base } = this.cursor;
    if (since === null || !isTime(base)) return [];
    const margin = base === 'timestamptz' ? MARGIN_SECONDS.zoned : MARGIN_SECONDS.local;
    const from = `${literal(since)}::timestamptz - interval '${margin} seconds'`;
    return [`(${from})::${base}`];
  }

  private minus(value: string, lookback: number): string {
    const { base } = this.cursor;
    if (isTime(base)) return `${literal(value)}::${base} - interval '${lookback} seconds'`;
    if (isNumber(base)) return `${literal(value)}::${base} - ${lookback}`;
    throw new ConnectorError(
      'config',
      `The table ${this.table.relation.id} has a 'lookback' for the column '${this.cursor.name}', whose type ${this.cursor.type} cannot be counted back.`,
    );
  }

  private newRows({ value }: CursorMark): string[] {
    return [...this.values.ordinary, ...(value === null ? [] : [`${this.column} > ${literal(value)}`])];
  }

  /** Rows that have other keys; undefined where none are known: then all count. */
  private isNoneOf(keys: Keys): string | undefined {
    if (keys.length === 0 || !this.hasKey) return undefined;
    // The cursor is the key.
    if (this.tie.length === 0) return 'false';
    return `(${this.tie.join(', ')}) NOT IN (${keys.map((key) => `(${key.map(literal).join(', ')})`).join(', ')})`;
  }

  /** How rows of one value are found at the end of a page. */
  private get tail(): TailFacts {
    return { width: this.tie.length + 1, hasKey: this.hasKey, form: this.values.form };
  }

  private async keysWhere(condition: string): Promise<Keys | null> {
    const { schema, name: relation } = this.table.relation;
    const fields = ['1 AS one', ...this.tie.map((each, i) => `${each}::text AS k${i}`)].join(', ');
    const rows = await this.query<Record<string, string>>(
      `SELECT ${fields} FROM ${qualified(schema, relation)} WHERE ${condition} LIMIT ${KEYS_MAX + 1}`,
    );
    return rows.length > KEYS_MAX ? null : rows.map((row) => this.tie.map((_, i) => row[`k${i}`]!));
  }

  /** The highest value that a mark can be. */
  private async greatest(): Promise<string | null> {
    const { schema, name: relation } = this.table.relation;
    const [row] = await this.query<{ high: string }>(
      `SELECT ${this.column}::text AS high FROM ${qualified(schema, relation)} WHERE ${this.values.ordinary.join(' AND ')} ORDER BY ${this.column} DESC LIMIT 1`,
    );
    return row?.high ?? null;
  }

  private async moment(): Promise<CursorMoment & { floor: string; next: string }> {
    try {
      const moment = await takeMoment(this.server.clients);
      const { endless } = this.values;
      if (endless === undefined || this.hasXmin || !this.hasKey) return moment;
      return { ...moment, endless: await this.keysWhere(endless) };
    } catch (error) {
      throw postgresError(error, `Reading ${this.table.relation.id}`);
    }
  }

  /**
   * For values that are given out before they are committed (numbers): waits a little until the transactions that are open
   * now are over, so that nothing at or below the highest value can come late.
   */
  private async settled(signal: AbortSignal): ReturnType<CursorFollow['moment']> {
    const now = await this.moment();
    if (!now.running || isTime(this.cursor.base) || this.wish?.lookback !== undefined) return now;
    const until = performance.now() + WAIT_MS;
    while (performance.now() < until && !signal.aborted) {
      await sleep(POLL_MS);
      const [later] = await this.query<{ floor: string }>(FLOOR);
      if (BigInt(later!.floor) >= BigInt(now.next)) return { ...now, open: [], running: false };
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

function markJson(mark: CursorMark): JsonObject {
  return mark as unknown as JsonObject;
}
