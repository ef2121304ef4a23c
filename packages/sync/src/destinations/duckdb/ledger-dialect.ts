import type { LedgerDialect } from '../sql/ledger-tables.js';
import { quote } from './column.js';

/** How the books are written in a DuckDB file. */
export const duckDbLedger: LedgerDialect = {
  table: (name) => `_tidemark.${name}`,
  quote,
  types: {
    key: 'VARCHAR',
    text: 'VARCHAR',
    integer: 'BIGINT',
    boolean: 'BOOLEAN',
    moment: 'TIMESTAMP WITH TIME ZONE',
  },
  before: ['CREATE SCHEMA IF NOT EXISTS _tidemark'],
  moment: (ms) => `CAST(make_timestamp(${Math.floor(ms)} * 1000) AS TIMESTAMP WITH TIME ZONE)`,
  milliseconds: (sql) => `epoch_ms(${sql})`,
  async count(db) {
    const [row] = await db.all(
      `SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = '_tidemark'`,
    );
    return Number(row?.n);
  },
};
