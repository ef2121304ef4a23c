import { literal, quote } from './column.js';
import type { Db } from './database.js';

/** Longer texts are never brought together: DuckDB holds those of 2,048 rows in memory at once, several times over. */
const TEXT_BYTES_MAX = 16 * 1024;
/** A table in more pieces than this, of fewer rows on average, is worth the work. */
const PIECES = 64;
const PIECE_ROWS = 4_096;

/**
 * Brings rows together that were written apart, and gives the room of deleted ones back. Every commit leaves a piece of its
 * own, and without this a table that gets a few rows each hour would end up in thousands of them. Most syncs leave nothing to
 * do: large pieces stay as they are. A file with long texts stays as it is altogether, because it is the pieces that keep
 * records of 20 MB within memory.
 */
export async function compact(db: Db): Promise<void> {
  const tables = await db.all('SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal');
  let isWorthIt = false;
  for (const row of tables) {
    const name = `${quote(String(row.schema_name))}.${quote(String(row.table_name))}`;
    const { largest, pieces, stored } = await db.one(`
      SELECT max(CAST(nullif(regexp_extract(stats, 'Max String Length: (\\d+)', 1), '') AS BIGINT)) AS largest,
        count(DISTINCT row_group_id) AS pieces,
        sum(count) FILTER (column_id = 0 AND segment_type <> 'VALIDITY') AS stored
      FROM pragma_storage_info(${literal(name)})`);
    if (Number(largest ?? 0) > TEXT_BYTES_MAX) return;
    const { live } = await db.one(`SELECT count(*) AS live FROM ${name}`);
    const inPieces = Number(pieces) > PIECES && Number(stored) < Number(pieces) * PIECE_ROWS;
    const mostlyDeleted = Number(stored) > PIECE_ROWS && Number(stored) > 2 * Number(live);
    if (inPieces || mostlyDeleted) isWorthIt = true;
  }
  if (!isWorthIt) return;
  await db.run('SET max_vacuum_tasks = 100');
  await db.run('CHECKPOINT');
}
