import { literal, OWN_COLUMNS, quote } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import type { Columns } from '../sql/column.js';
import type { Compression, Format } from './format.js';
import { soundJson } from './sound-json.js';

/** DuckDB writes a group of rows when it has so many; it holds them, and what it makes of them, in memory. */
const GROUP_ROWS = 122_880;
const GROUP_BYTES = 12 * 1024 * 1024;
/** About what Tidemark's own columns take of a row. */
const OWN_BYTES = 128;

/** Parquet: typed columns, the same in all files of a stream. */
export function parquet(compression: Compression): Format {
  const codec = compression === 'none' ? 'uncompressed' : compression;
  return {
    name: 'parquet',
    extension: 'parquet',
    isTyped: true,
    copies: 4,
    options(rowBytes) {
      const rows = Math.max(2_048, Math.min(GROUP_ROWS, Math.floor(GROUP_BYTES / (rowBytes + OWN_BYTES))));
      return `FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE ${rows}`;
    },
    fromTable: select,
    fromRows: select,
    async rows(db, files, columns) {
      const there = await columnsOf(db, files);
      const wanted = [...OWN_COLUMNS, ...columns.list.map(({ name, type }) => [name, type] as const)];
      const list = wanted.map(([name, type]) =>
        there.has(name)
          ? `CAST(${quote(name)} AS ${type}) AS ${quote(name)}`
          : `CAST(NULL AS ${type}) AS ${quote(name)}`,
      );
      return `SELECT ${list.join(', ')} ${files.length === 0 ? 'WHERE false' : `FROM ${source(files)}`}`;
    },
    carried: (columns) => columns,
  };
}

/** Types that Parquet, or most of its readers, do not have: UUIDs are texts, and 38 digits are a decimal. */
function select(from: string, columns: Columns): string {
  const all = [...OWN_COLUMNS, ...columns.list.map(({ name, type }) => [name, type] as const)];
  const list = all.map(([name, type]) => {
    const as = ` AS ${quote(name)}`;
    if (type === 'UUID') return `CAST(${quote(name)} AS VARCHAR)${as}`;
    if (type === 'HUGEINT') return `CAST(${quote(name)} AS DECIMAL(38,0))${as}`;
    return type === 'JSON' ? `CAST(${soundJson(quote(name))} AS JSON)${as}` : quote(name);
  });
  return `SELECT ${list.join(', ')} FROM ${from}`;
}

function source(files: readonly string[]): string {
  return `read_parquet([${files.map(literal).join(', ')}], union_by_name = true)`;
}

async function columnsOf(db: Db, files: readonly string[]): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  const rows = await db.all(`DESCRIBE SELECT * FROM ${source(files)}`);
  return new Set(rows.map((row) => String(row.column_name)));
}
