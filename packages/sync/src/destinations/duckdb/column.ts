import type { ColumnRules } from '../sql/column.js';

/** What a DuckDB table may look like. */
export const DUCKDB_COLUMNS: ColumnRules = {
  narrowest: {
    text: 'VARCHAR',
    integer: 'BIGINT',
    number: 'DOUBLE',
    boolean: 'BOOLEAN',
    date: 'DATE',
    timestamp: 'TIMESTAMP',
    timestamptz: 'TIMESTAMP WITH TIME ZONE',
    time: 'TIME',
    json: 'JSON',
  },
  names: { max: 200, unit: 'characters' },
  columnsMax: 1_000,
};

/** Tidemark's own columns; they stand first in every table. */
export const OWN_COLUMNS = [
  ['_airbyte_raw_id', 'UUID'],
  ['_airbyte_extracted_at', 'TIMESTAMP WITH TIME ZONE'],
  ['_airbyte_meta', 'JSON'],
  ['_airbyte_generation_id', 'BIGINT'],
] as const;

/** An SQL identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL text literal. */
export function literal(text: string): string {
  // A statement cannot hold the character 0.
  const parts = text.split('\u0000').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`;
}
