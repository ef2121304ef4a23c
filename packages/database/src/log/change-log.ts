import type { Json, JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import type { Finding, Table } from '../dialect.js';
import type { TableShape } from './table-shape.js';

/** Changes of one table that follow each other in the log. */
export interface TableChanges {
  /** `namespace.name` of the table. */
  table: string;
  /** The rows as they are after the change; of a deletion what the log has, with `_ab_cdc_deleted_at` set. */
  records: RecordData[];
}

/** A table whose copy the changes in the log do not make right. */
export interface TableBreak {
  /** `namespace.name`. */
  table: string;
  /** A sentence: what was met in the log, and where. */
  why: string;
  /**
   * True: changes of it cannot be read, so it is as with a lost position. False: the server says that its rows are gone or
   * others (TRUNCATE), so it is loaded anew.
   */
  isLost: boolean;
}

/** What was read of the log up to a position between two transactions. */
export interface LogBatch {
  /** In the log's order. May be empty: the position has moved all the same. */
  changes: TableChanges[];
  /** Everything up to here has been handed over. Absent inside a transaction too large for one batch. */
  position?: Json;
  /** What the changes do not tell, behind them; only with a position. The log is not read on for these tables. */
  breaks?: readonly TableBreak[];
}

/** Tables whose changes the server has forgotten before they were read; the others can be gone on with. */
export interface LostTables {
  /** A sentence. */
  why: string;
  /** `namespace.name` of each. */
  tables: string[];
}

/**
 * The log of changes of a server (PostgreSQL's logical replication, MySQL's binlog). Positions are the dialect's own JSON:
 * the generic reader stores them and gives them back.
 */
export interface ChangeLog {
  /**
   * The position at which the log ends now: whatever happens from now on is found from there. Sets up what has to exist
   * for that (and throws ConnectorError, with the statement that mends it, where that is the user's to do).
   */
  end(): Promise<Json>;
  /**
   * Whether the log can be read from a stored position: undefined when it can, else why not, in a sentence ("The slot
   * was dropped …"). A position of another server or lineage is never "already read". `tables` are those whose load has
   * begun; where the log is lost for some of them only, it says for which.
   */
  accept(position: Json, tables: readonly Table[]): Promise<string | LostTables | undefined>;
  /**
   * The position in the shared part of a state of Airbyte's own source, as one of ours that `accept` is still asked about.
   * Throws ConnectorError (config) where there is none.
   */
  adopt(shared: JsonObject): Promise<Json>;
  /**
   * The changes of the chosen tables after `from`, until `to` is reached; ends at once when it is reached already. The last
   * batch has a position at or behind `to`. Batches are bounded in rows and bytes.
   */
  read(from: Json, to: Json, tables: readonly Table[], options: { signal: AbortSignal }): AsyncIterable<LogBatch>;
  /** Everything up to here is stored: the server may forget it. Called with stored positions only, also while `read` goes on. */
  confirm(position: Json): Promise<void>;
  /** Sets the log's columns (`_ab_cdc_…`) on a row that a load has read when the log ended at `position`. */
  stamp(record: RecordData, position: Json, extractedAt: number): void;
  /**
   * What of these tables' changes the log would not bring, without any error of the server: looked at before each reading,
   * so by the catalog only. A table that is named cannot be followed; what was read of it before is loaded again when it can.
   */
  unsent?(tables: readonly Table[]): Promise<Finding[]>;
  /** The shapes of these tables as the catalog has them at this moment, by `namespace.name`; without those that are gone. */
  shapes?(tables: readonly Table[]): Promise<ReadonlyMap<string, TableShape>>;
  /** What is missing for reading these tables by the log, all at once. */
  check(tables: readonly Table[]): Promise<Finding[]>;
  close(): Promise<void>;
}
