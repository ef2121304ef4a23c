import { ConnectorError } from '@tidemark/source';
import type { Db } from '../duckdb/database.js';
import type { Columns } from '../sql/column.js';
import { jsonLines } from './json-lines.js';
import { parquet } from './parquet.js';

export type FormatName = 'parquet' | 'jsonl';
export type Compression = 'none' | 'gzip' | 'zstd' | 'snappy';

/** How rows are kept in files. All of it is SQL of the embedded DuckDB. */
export interface Format {
  readonly name: FormatName;
  /** Without the dot. */
  readonly extension: string;
  /** Its files have column types: those of a stream are rewritten when one of its columns becomes wider. */
  readonly isTyped: boolean;
  /** How many copies of a row DuckDB holds in memory while it writes it. */
  readonly copies: number;
  /** Options of COPY. `rowBytes`: about what a row takes in memory. */
  options(rowBytes: number): string;
  /** What COPY writes of a table with Tidemark's own columns and these. */
  fromTable(table: string, columns: Columns): string;
  /**
   * The rows of some files of this machine: Tidemark's own columns, those of `columns` in their types, and whatever else
   * `fromRows` needs. A SELECT. `longest`: bytes of the longest line in them, where that is unusual.
   */
  rows(db: Db, files: readonly string[], columns: Columns, longest?: number): Promise<string>;
  /** Bytes of the longest line that `fromTable` makes, where that is unusual. */
  longest?(db: Db, table: string, columns: Columns): Promise<number | undefined>;
  /** What COPY writes of rows that `rows` has given. */
  fromRows(rows: string, columns: Columns): string;
  /** The columns that must be asked of `rows` when the fields named are looked at and the rows are written again. */
  carried(columns: Columns, fields: readonly string[]): Columns;
}

/** Throws ConnectorError (config) for a compression that the format does not have. */
export function formatOf(name: FormatName, compression: Compression | undefined): Format {
  if (name === 'parquet') return parquet(compression ?? 'snappy');
  if (compression !== 'snappy') return jsonLines(compression ?? 'gzip');
  throw new ConnectorError('config', "JSON lines cannot be compressed with 'snappy'. Possible: gzip, zstd, none.");
}
