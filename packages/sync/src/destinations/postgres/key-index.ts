import type { StreamPlan } from '../../destination.js';
import type { Column, Columns } from '../sql/column.js';
import { digest } from '../sql/naming.js';
import type { TableName } from '../sql/sql-database.js';
import { literal, quote, sqlName } from './columns.js';
import type { Pg } from './database.js';

/** Begins the names of the indexes that Tidemark makes for the keys of its streams. */
const PREFIX = '_tidemark_key_';

/** One part of a primary key: `sql('t')` is its value in table `t`, `type` its type. */
export interface KeyPart {
  sql(table: string): string;
  type: string;
}

/** The parts of a stream's primary key that its table has. */
export function keyParts(columns: Columns, plan: StreamPlan): KeyPart[] {
  return plan.primaryKey.map((path) => fieldPart(columns, path)).filter((part) => part !== undefined);
}

/** A field, or a place inside a JSON one. Undefined when the table has no such column. */
export function fieldPart(columns: Columns, path: readonly string[]): KeyPart | undefined {
  const [first = '', ...rest] = path;
  const column: Column | undefined = columns.get(first);
  if (!column) return undefined;
  const of = (table: string) => `${table === '' ? '' : `${table}.`}${quote(column.name)}`;
  if (rest.length === 0) return { sql: of, type: column.type };
  if (column.type !== 'jsonb') return undefined;
  const steps = `ARRAY[${rest.map((part) => literal(part.replaceAll('\u0000', '\ufffd'))).join(', ')}]`;
  return { sql: (table) => `(${of(table)} #>> ${steps})`, type: 'text' };
}

/** Types whose values are short: the index holds them as they are. */
const SHORT = new Set([
  'bigint',
  'boolean',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
  'time without time zone',
]);
const HASHES: Record<string, string> = { numeric: 'hash_numeric_extended', jsonb: 'jsonb_hash_extended' };

/**
 * What the index holds of a part: long values are hashed, since an index entry of more than 2,700 bytes would be refused
 * and the row with it.
 */
export function indexed(part: KeyPart, table: string): string {
  if (SHORT.has(part.type)) return part.sql(table);
  return `${HASHES[part.type] ?? 'hashtextextended'}(${part.sql(table)}, 0)`;
}

/**
 * Makes the index by which rows of the same key are found. `final` is the table's name in the end: the index of one that was
 * swapped in is known again. Two names, because the table and the one that will replace it are there together.
 */
export async function makeKeyIndex(
  db: Pg,
  table: TableName,
  final: TableName,
  parts: readonly KeyPart[],
): Promise<void> {
  if (parts.length === 0) return;
  const wanted = parts.map((part) => `(${indexed(part, '')})`).join(', ');
  const name = `${PREFIX}${digest(`${final.name}:${wanted}`, 24)}`;
  const found = await indexesOf(db, table);
  if (found.some((one) => one.startsWith(name))) return;
  for (const old of found) await db.run(`DROP INDEX ${quote(table.schema)}.${quote(old)}`);
  const taken = await db.all(
    `SELECT 1 AS one FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${literal(table.schema)} AND c.relname = ${literal(`${name}_a`)}`,
  );
  const free = `${name}${taken.length === 0 ? '_a' : '_b'}`;
  await db.run(`CREATE INDEX ${quote(free)} ON ${sqlName(table)} (${wanted})`);
}

/** The index goes before one of its columns changes its type: it would not fit the new one. */
export async function dropKeyIndex(db: Pg, table: TableName): Promise<void> {
  for (const name of await indexesOf(db, table)) await db.run(`DROP INDEX ${quote(table.schema)}.${quote(name)}`);
}

async function indexesOf(db: Pg, table: TableName): Promise<string[]> {
  const rows = await db.all(
    `SELECT indexname FROM pg_indexes WHERE schemaname = ${literal(table.schema)} AND tablename = ${literal(table.name)}`,
  );
  return rows.map((row) => String(row.indexname)).filter((name) => name.startsWith(PREFIX));
}
