import type { Json, JsonObject } from '@tidemark/protocol';
import type { Page, RunContext, StreamEstimate } from '@tidemark/source';
import type { Column } from './column.js';
import type { ChangeLog } from './log/change-log.js';
import type { TableShape } from './log/table-shape.js';
import type { DialectName, Identity, Part, Range } from './state.js';

/** What the generic reader knows of a kind of database. Everything else is the dialect's own. */
export interface Dialect {
  readonly name: DialectName;
  /** As people write it: `PostgreSQL`. */
  readonly title: string;
  /** Schemes of a connection URL: `['postgres', 'postgresql']`. */
  readonly schemes: readonly string[];
  /** JSON Schema of the configuration: host, port, user and so on, secrets marked with `airbyte_secret`. */
  readonly connectionSchema: JsonObject;
  /**
   * A handle to the server; connects when it is first used. Throws ConnectorError (config) when the configuration cannot
   * be understood, with everything that is wrong with it.
   */
  open(config: JsonObject, settings: ReadingSettings, context: RunContext): Promise<Database>;
}

/** How tables are read: from the manifest's `chunking` and `cursors`, with defaults filled in. */
export interface ReadingSettings {
  /** A chunk is at most this much of the table, its out-of-line values counted. At most 1 GiB. */
  chunk_bytes: number;
  /** A page (one short statement, then a state) has at most about this many rows … */
  page_rows: number;
  /** … and bytes. */
  page_bytes: number;
  /** A page that took longer is followed by a smaller one. */
  page_seconds: number;
  /** Chunks read at the same time, over all tables. */
  concurrency: number;
  /** Every chunk of an attempt sees the same moment. Holds a transaction open on the server for the whole attempt. */
  snapshot: boolean;
  /** A statement that runs longer is ended by the server. 0: never. */
  statement_timeout_seconds: number;
  lock_timeout_seconds: number;
  /**
   * What a destination has not taken yet of tables that are read by one statement is kept on disk, up to so many bytes over all
   * of them. 0: none is.
   */
  spool_bytes: number;
  /** Where that is kept. Empty: in the system's directory for temporary files. */
  spool_directory: string;
  /** Schemas or databases to look into; empty: the dialect's own default. */
  schemas: readonly string[];
  /** What to do after the load, where a stream does not say it itself. `none`: tables are only read whole. */
  method: FollowKind | 'none';
  /** The first of these that a table has is its cursor column, where its stream names none. */
  cursor_columns: readonly string[];
  /** With `method: log`: a load is interrupted after this time to read what has come in the log meanwhile. */
  log_load_seconds: number;
  /** With `method: log`: what happens when the server has forgotten the stored position. */
  on_lost_position: 'fail' | 'reload';
  /** With `method: log`: how far apart two syncs are, which `check` compares with what the server keeps. Absent: nobody has said. */
  sync_interval_hours?: number;
}

/** An open server. */
export interface Database {
  /**
   * The tables that can be read, in one or two catalog queries, without touching a table. A table whose columns cannot be
   * seen is left out.
   */
  tables(wishes: readonly TableWish[] | undefined): Promise<Table[]>;
  /**
   * Everything that is missing for reading these tables, all at once. Reads at most one row of a table.
   * Throws only when the server cannot be reached.
   */
  check(tables: readonly Table[]): Promise<Finding[]>;
  /** The statement that lets the user see and read a table that it cannot see, where servers hide tables. No I/O. */
  grant?(wish: TableWish): string;
  /** The server's log of changes, for tables whose `follows` has `log`. Absent where the dialect reads none. */
  log?(): ChangeLog;
  close(): Promise<void>;
}

/** What a user asks of one table: the manifest's `streams`. */
export interface TableWish {
  name: string;
  namespace?: string;
  /** Absent: all. */
  columns?: readonly string[];
  /** Columns that are together unique and never null: the order to read in where the table has no key of its own. */
  order?: readonly string[];
  /** Default cursor column; turns `method: cursor` on for this stream. */
  cursor?: string;
  /** Each sync reads this much again below the last value: seconds for times, units for numbers. */
  lookback?: number;
  /** The cursor column may be without an index: every sync then scans the table and sorts what is new. */
  scan?: boolean;
  method?: FollowKind | 'none';
}

/** Something that `check` found. */
export interface Finding {
  /** `blocking`: nothing can be read, or the next sync cannot go on; `table`: this table cannot; `hint`: it works, badly. */
  severity: 'blocking' | 'table' | 'hint';
  /** `namespace.name`, where it is about one table. */
  table?: string;
  /** One sentence. */
  problem: string;
  /** The statement or setting that mends it. */
  remedy?: string;
}

/** One table as the server describes it. */
export interface Table {
  readonly name: string;
  readonly namespace?: string;
  /** What tells whether rows of it changed without a word in the log; absent where it has no log, or its log tells everything. */
  readonly shape?: TableShape;
  readonly columns: readonly Column[];
  /** Empty when there is none. */
  readonly primaryKey: readonly string[];
  /** False when a load that was broken off has to begin anew. Says why, for people, in `notResumable`. */
  readonly isResumable: boolean;
  readonly notResumable?: string;
  /** The ways of following that this table allows. */
  readonly follows: readonly FollowKind[];
  /** Columns that can be a cursor. */
  readonly cursorColumns: readonly string[];
  /** Columns that records have beside the table's own while it is followed (`_ab_cdc_lsn`). */
  readonly extraColumns?: readonly Column[];
  /** Of these the one that orders the changes of a row: the cursor field of its stream while it follows the log. */
  readonly logCursor?: string;
  /**
   * About how much the whole table has, from what the server knows already: nothing is counted. Undefined where it does not
   * know, or says 0: that is also what it says of a table that it has not looked at. Must not throw.
   */
  estimate(): StreamEstimate | undefined | Promise<StreamEstimate | undefined>;
  /** No I/O. A column that the catalog names and `columns` lacks, where a database has no schema and only samples are known. */
  columnNamed?(name: string, schema: JsonObject): Column;
  /** No I/O. `columns` is the chosen subset of the table's, in its order. */
  load(columns: readonly Column[]): TableLoad;
  /** No I/O. `cursor` is the chosen column for kind `cursor`. Throws ConnectorError (config) when it cannot be. */
  follow(kind: FollowKind, columns: readonly Column[], cursor?: string): Follow;
}

/** A piece of a load: the range of a part. `part` is the Part's `id`. */
export interface Chunk {
  readonly part: string;
  readonly identity: Identity;
  readonly range: Range;
}

/**
 * Reading a whole table. A table has one part or more (a leaf of a partitioned table is a part), each with the identity
 * that its positions mean something under. Bounds and positions are the dialect's own JSON; the generic reader never
 * compares them, it only asks whether two are equal.
 */
export interface TableLoad {
  /**
   * Plans from the beginning: usually one open range for each part. Takes upper bounds, each once. Parts that are `known` may be
   * left out: an earlier run has planned them.
   */
  begin(known?: ReadonlySet<string>): Promise<PlannedPart[]>;
  /**
   * Compares an earlier run's part with the table as it is now: `undefined` when its positions still hold, `'gone'` when
   * there is nothing left to read of it, otherwise the reason why they do not. Parts that are new since are in `begin`.
   */
  changed(part: Part): Promise<string | 'gone' | undefined>;
  /** Plans a part anew after `changed` or `PartChanged` gave a reason. `times`: how often that has happened before. */
  replan(part: Part, reason: string, times: number): Promise<PlannedPart>;
  /**
   * Where to cut a range that nobody has begun: a bound strictly between `range.lo` and `range.hi`, or undefined when it is
   * small enough. The piece below the cut is read as one chunk.
   */
  cut(chunk: Chunk): Json | undefined | Promise<Json | undefined>;
  /**
   * The pages of a chunk in order, after `range.pos` where that is set, else after `range.lo`, up to and with `range.hi`.
   * Every page but the last has `next`, the position after it; or `more: true` when the part is read whole.
   * No transaction is open while a page is handed over. Throws `PartChanged` when the identity does not hold any more,
   * before any row is handed over that was read after the change.
   */
  read(chunk: Chunk, options: { signal: AbortSignal }): AsyncIterable<Page>;
  /** Frees what the load of this attempt holds (a snapshot). */
  close?(): Promise<void>;
}

/** A part as a dialect plans it. */
export interface PlannedPart {
  /** Stable for as long as the part exists: a table's or leaf's own name or number. */
  readonly id: string;
  readonly identity: Identity;
  /** Ordered, without gaps: `null` as `lo` is before everything, as `hi` after everything. Empty: nothing to read. */
  readonly ranges: readonly { readonly lo: Json; readonly hi: Json }[];
}

/** The physical table is another one than the positions were made for: the part is planned anew. */
export class PartChanged extends Error {}

/** What goes on after the load: by a cursor column, by transaction ids, by the server's log. */
export type FollowKind = 'cursor' | 'xmin' | 'log';

/** Reading what has changed. */
export interface Follow {
  readonly kind: FollowKind;
  /** True when it begins in the same sync in which the load ends. */
  readonly atOnce: boolean;
  /** The mark to begin from, taken before the load: what happens from now on is found from there. */
  start(): Promise<Json>;
  /** An error for the user when this mark is none of this table's and kind's (another cursor column); else undefined. */
  accept(mark: Json): string | undefined;
  /**
   * Pages of changes. Every page has `next`: the mark after it. Ends when the position that was current at its begin is
   * reached. A page without records may carry a new mark.
   */
  read(mark: Json, options: { signal: AbortSignal }): AsyncIterable<Page & { next: Json }>;
}
