/** What a statement is given and gives back: numbers that may not fit a double come as text or bigint. */
export type SqlValue = string | number | boolean | null;
export type SqlRow = Record<string, unknown>;

/**
 * A connection of an SQL database. Statements are written with `$1`, `$2` …, each used once and in order, so that a driver
 * that only knows `?` can put one for each. Errors are ConnectorErrors that say what to do.
 */
export interface SqlDatabase {
  all(sql: string, values?: SqlValue[]): Promise<SqlRow[]>;
  run(sql: string, values?: SqlValue[]): Promise<void>;
}

/** A table by schema (a database, in MySQL) and name. */
export interface TableName {
  schema: string;
  name: string;
  /** The database, where a schema's name alone could mean it too (DuckDB calls a file's database like the file). */
  catalog?: string;
}

/** Where the rows of an unfinished overwrite or truncating refresh are, beside the table that they will replace. */
export const NEXT_SUFFIX = '__tidemark_next';

/** A record that has a value here says that its row was deleted at the source (change data capture). */
export const DELETED_FIELD = '_ab_cdc_deleted_at';
