import type { ColumnRules } from '../sql/column.js';
import type { TableName } from '../sql/sql-database.js';

/** What a PostgreSQL table may look like. */
export const POSTGRES_COLUMNS: ColumnRules = {
  narrowest: {
    text: 'text',
    integer: 'bigint',
    number: 'numeric',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'timestamp without time zone',
    timestamptz: 'timestamp with time zone',
    time: 'time without time zone',
    json: 'jsonb',
  },
  names: { max: 63, unit: 'bytes' },
  reserved: ['ctid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax'],
  // A row has to fit in a page of 8 KiB, where a long value leaves a pointer of 18 bytes.
  columnsMax: 400,
};

/** Tidemark's own columns; they stand first in every table. */
export const OWN_COLUMNS = [
  ['_airbyte_raw_id', 'uuid'],
  ['_airbyte_extracted_at', 'timestamp with time zone'],
  ['_airbyte_meta', 'jsonb'],
  ['_airbyte_generation_id', 'bigint'],
] as const;

/** An SQL identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL text literal: it never holds the character 0, which no text of PostgreSQL can. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function sqlName(table: TableName): string {
  return `${quote(table.schema)}.${quote(table.name)}`;
}
