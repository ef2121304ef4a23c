import { createHash } from 'node:crypto';
import type { StreamPlan } from '../../destination.js';
import type { Columns } from '../sql/column.js';
import type { Database } from './database.js';
import { literal, quote } from './dialect.js';

/** A hidden column, computed by the server from the primary key's fields: what tables are deduplicated by. */
export const KEY_COLUMN = '_tidemark_key';

/** SQL of a field, or of a place inside a JSON one. Undefined when the table has no such column. */
export function fieldSql(columns: Columns, path: readonly string[], prefix = ''): string | undefined {
  const [first = '', ...rest] = path;
  const column = columns.get(first);
  if (!column) return undefined;
  const name = prefix + quote(column.name);
  if (rest.length === 0) return name;
  if (column.kind !== 'json') return 'NULL';
  const steps = rest.map((part) => `.${JSON.stringify(part)}`).join('');
  const found = `JSON_EXTRACT(${name}, ${literal(`$${steps}`)})`;
  return `CASE JSON_TYPE(${found}) WHEN 'NULL' THEN NULL ELSE JSON_UNQUOTE(${found}) END`;
}

/**
 * SQL of the hidden column: a hash of the key's parts, null where all of them are. Undefined where a stream is not
 * deduplicated, or has no column of its key yet.
 */
export function keyOf({ destinationSyncMode, primaryKey }: StreamPlan, columns: Columns): string | undefined {
  if (!destinationSyncMode.endsWith('_dedup')) return undefined;
  const parts = primaryKey.map((path) => fieldSql(columns, path)).filter((sql) => sql !== undefined);
  if (parts.length === 0) return undefined;
  const one = (sql: string) => {
    const text = `CAST(${sql} AS CHAR)`;
    return `COALESCE(CONCAT(CHAR_LENGTH(${text}), ':', ${text}), 'n')`;
  };
  const none = parts.map((sql) => `${sql} IS NULL`).join(' AND ');
  return `CASE WHEN ${none} THEN NULL ELSE UNHEX(SHA2(CONCAT(${parts.map(one).join(', ')}), 256)) END`;
}

/** Whether the hidden column is computed from this field: it has to go before the field's column changes. */
export function isInKey({ primaryKey }: StreamPlan, field: string): boolean {
  return primaryKey.some(([first]) => first === field);
}

/** How a hidden column that is there was made: its comment. */
function mark(expression: string): string {
  return `tidemark ${createHash('sha256').update(expression).digest('hex').slice(0, 16)}`;
}

/**
 * Gives a table the hidden column, unless it has it. Says whether it was made now. A `table` is searched by it, and gets an
 * index; `staged` rows are read from one end to the other, more than once.
 */
export async function ensureKey(
  db: Database,
  table: string,
  expression: string,
  use: 'table' | 'staged',
): Promise<boolean> {
  const comment = await commentOf(db, table);
  if (comment === mark(expression)) return false;
  if (comment !== undefined) await dropKey(db, table);
  const key = quote(KEY_COLUMN);
  const kept = use === 'table' ? 'VIRTUAL' : 'STORED';
  const index = use === 'table' ? `, ADD INDEX ${key} (${key})` : '';
  const column = `${key} BINARY(32) AS (${expression}) ${kept} INVISIBLE COMMENT ${literal(mark(expression))}`;
  await db.run(`ALTER TABLE ${table} ADD COLUMN ${column}${index}`);
  return true;
}

/** Takes the hidden column away; it is made again when it is needed. Its index goes with it. */
export async function dropKey(db: Database, table: string): Promise<void> {
  if ((await commentOf(db, table)) === undefined) return;
  await db.run(`ALTER TABLE ${table} DROP COLUMN ${quote(KEY_COLUMN)}`);
}

/** Temporary tables are in no catalog: the table itself is asked. */
async function commentOf(db: Database, table: string): Promise<string | undefined> {
  const rows = await db.all(`SHOW FULL COLUMNS FROM ${table} LIKE ${literal(KEY_COLUMN.replaceAll('_', '\\_'))}`);
  return rows[0] === undefined ? undefined : String(rows[0].Comment);
}
