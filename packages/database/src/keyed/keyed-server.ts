import type { ConnectorError, Page } from '@tidemark/source';
import type { Column } from '../column.js';
import type { KeySpace } from '../cutting/key-space.js';
import type { ReadingSettings } from '../dialect.js';
import type { KeySql } from '../key-paging.js';

/** What a value of a key can be compared by in SQL: how its literal is written. */
export type KeyForm = 'number' | 'text' | 'binary' | 'date' | 'datetime' | 'time' | 'ordinal' | 'uuid';

/** A column that rows can be ordered by, where it has a `keyForm`: floating points, JSON, shapes and large objects cannot. */
export interface KeyedColumn extends Column {
  readonly keyForm?: KeyForm;
  /** What the server compares its texts by, where it has texts. */
  readonly collation?: string;
}

/** A table or view as the catalog describes it. */
export interface KeyedRelation<C extends KeyedColumn = KeyedColumn> {
  readonly schema: string;
  readonly name: string;
  readonly isView: boolean;
  readonly columns: readonly C[];
  readonly primaryKey: readonly string[];
  /** Columns to read in the order of: unique together, never null, served by an index. Empty: read whole. */
  readonly order: readonly C[];
  /** No index is known to have the columns of `order` in front: its end is not looked for, which would be a sort of the table. */
  readonly isSorted?: boolean;
  /** Why it cannot be read in pieces, for people. */
  readonly notResumable?: string;
  /** First columns of its indexes: what a cursor can be served by. */
  readonly indexed: ReadonlySet<string>;
  /** Bytes of its rows, from statistics: may be far off. */
  readonly dataBytes: number;
  /** How many rows it has, from statistics: may be far off. Absent where the catalog does not say it. */
  readonly estimatedRows?: number;
}

/** Rows of one statement as texts, null for SQL's null. */
export interface FetchedTexts {
  rows: (string | null)[][];
  bytes: number;
  /** There were more rows: reading stopped when `bytesMax` was reached. The session cannot be used any more. */
  isCut: boolean;
}

/** One session that statements are run on, one after the other. */
export interface KeyedSession<C extends KeyedColumn> {
  /** The columns' texts, then those of `places` more expressions. At least one row is taken. Throws what the driver throws. */
  fetch(sql: string, columns: readonly C[], places: number, bytesMax: number): Promise<FetchedTexts>;
  release(isBroken: boolean): void;
}

/** A server whose tables are read in the order of a key: how its statements are written and run. */
export interface KeyedServer<C extends KeyedColumn> {
  readonly settings: ReadingSettings;
  quote(name: string): string;
  /** What is selected for a column's value. */
  selected(column: C): string;
  /** What is selected for a column's place in the order of a key. */
  selectedKey(column: C): string;
  /** A bound's value as a literal that is compared as the column's own type. Throws ConnectorError (config) when it is none. */
  literal(column: C, text: string): string;
  /**
   * A condition that two texts of a column are equal by its collation. Undefined where only the same text is, as in columns that
   * have none.
   */
  equal?(column: C, one: string, other: string): string | undefined;
  /** `SELECT list FROM table [WHERE where] ORDER BY order`, at most `limit` rows. */
  select(list: string, from: string, where: string | undefined, order: string, limit: number): string;
  /** A literal less an amount: seconds for times, units for numbers. */
  below(literal: string, column: C, amount: number): string;
  query(sql: string): Promise<(string | null)[][]>;
  /** The rows of a statement that takes next to no time, ended early where it does. Throws what the driver throws. */
  probe(sql: string): Promise<(string | null)[][]>;
  /** About how many rows a `SELECT` would find, by the index and without reading them. Absent where the server has no way. */
  estimate?(select: string): Promise<number | undefined>;
  /** Where a value of a key's column may lie between two others; undefined where only the server knows. */
  spaceOf(column: C): KeySpace | undefined;
  /**
   * What the server calls a table, or its partitions, whatever the name: none of them is left once the table was emptied or made
   * anew. Empty where it is not known. Absent where the server has no such thing. Throws what the driver throws.
   */
  incarnations?(relation: KeyedRelation<C>): Promise<string[]>;
  session(): Promise<KeyedSession<C>>;
  /** The pages of one statement as its rows come; none has a position. */
  stream(sql: string, columns: readonly C[], signal: AbortSignal, doing: string): AsyncIterable<Page>;
  error(error: unknown, doing: string): ConnectorError;
  isWorthAnotherTry(error: unknown): boolean;
}

/** `schema.name`, for messages and states. */
export function relationId({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

/** The name of a table in a statement. */
export function tableSql<C extends KeyedColumn>(server: KeyedServer<C>, { schema, name }: KeyedRelation<C>): string {
  return `${server.quote(schema)}.${server.quote(name)}`;
}

/** What a table is read by. */
export interface KeyedReading<C extends KeyedColumn> {
  readonly server: KeyedServer<C>;
  readonly relation: KeyedRelation<C>;
  readonly columns: readonly C[];
}

/** How the predicates of a key are written. Row values are not served from an index on these servers. */
export function keySqlOf<C extends KeyedColumn>(server: KeyedServer<C>, columns: readonly C[]): KeySql {
  return {
    column: (_name, index) => server.quote(columns[index]!.name),
    value: (text, index) => server.literal(columns[index]!, text),
    rowValues: false,
  };
}
