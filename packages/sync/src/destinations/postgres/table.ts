import type { SchemaChange } from '../../schema-change.js';
import { type Column, Columns, REST_FIELD } from '../sql/column.js';
import { forgetColumns, readKnownColumns, writeColumns as storeColumns } from '../sql/column-books.js';
import { withSuffix } from '../sql/naming.js';
import type { TableName } from '../sql/sql-database.js';
import { joinKinds, type Kind } from '../sql/value-kind.js';
import { literal, OWN_COLUMNS, POSTGRES_COLUMNS, quote, sqlName } from './columns.js';
import type { Pg } from './database.js';
import { dropKeyIndex } from './key-index.js';
import { postgresLedger } from './ledger-dialect.js';

/** Tells of a change of a table that was there before. */
export type Tell = (change: Omit<SchemaChange, 'stream'>) => void;

/** Whether something of that name is there: a table, a view, anything that keeps a table from being made. */
export async function tableExists(db: Pg, table: TableName): Promise<boolean> {
  const rows = await db.all(
    `SELECT 1 AS one FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${literal(table.schema)} AND c.relname = ${literal(table.name)}`,
  );
  return rows.length > 0;
}

export async function isEmpty(db: Pg, table: TableName): Promise<boolean> {
  if (!(await tableExists(db, table))) return true;
  return (await db.all(`SELECT 1 AS one FROM ${sqlName(table)} LIMIT 1`)).length === 0;
}

/** The columns as they stand in the table: name and type, in order. */
async function layoutOf(db: Pg, table: TableName): Promise<{ name: string; type: string }[]> {
  const rows = await db.all(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${literal(table.schema)} AND c.relname = ${literal(table.name)} AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
  );
  return rows.map((row) => ({ name: String(row.name), type: String(row.type) }));
}

/** What the books and the table say about its columns. */
export async function readColumns(db: Pg, table: TableName): Promise<Columns> {
  const layout = await layoutOf(db, table);
  const types = new Map(layout.map(({ name, type }) => [name, type]));
  const columns = new Columns(POSTGRES_COLUMNS, await readKnownColumns(db, postgresLedger, table, types));
  for (const { name } of layout) columns.reserve(name);
  return columns;
}

export function writeColumns(db: Pg, table: TableName, columns: Columns): Promise<void> {
  return storeColumns(db, postgresLedger, table, columns);
}

/** A new table for these columns. The schema is made where there is none: the right to do so is only needed then. */
export async function createTable(db: Pg, table: TableName, columns: Columns): Promise<void> {
  const own = OWN_COLUMNS.map(([name, type]) => `${quote(name)} ${type} NOT NULL`);
  const fields = columns.list.map((column) => `${quote(column.name)} ${column.type}`);
  const known = await db.all(`SELECT 1 AS one FROM pg_namespace WHERE nspname = ${literal(table.schema)}`);
  if (known.length === 0) await db.run(`CREATE SCHEMA IF NOT EXISTS ${quote(table.schema)}`);
  await db.run(`CREATE TABLE ${sqlName(table)} (${[...own, ...fields].join(', ')})`);
  await writeColumns(db, table, columns);
}

export async function dropTable(db: Pg, table: TableName): Promise<void> {
  await db.run(`DROP TABLE IF EXISTS ${sqlName(table)}`);
  await forgetColumns(db, postgresLedger, table);
}

/** Brings a table that has rows to the schema: columns are added and widened, none is removed. */
export async function evolveTable(
  db: Pg,
  table: TableName,
  columns: Columns,
  fields: readonly (readonly [string, Kind])[],
  tell: Tell,
): Promise<void> {
  for (const [field, kind] of fields) {
    const column = columns.get(field);
    if (!column) {
      if (columns.room === 0) break;
      const added = await addColumn(db, [table], columns, field, kind, true);
      tell({ change: 'column_added', column: added.name, to: added.type });
      continue;
    }
    column.declared = true;
    const joined = joinKinds(column.kind, kind);
    if (joined === column.kind) continue;
    const type = joined === 'integer' && column.type === 'numeric' ? 'numeric' : POSTGRES_COLUMNS.narrowest[joined];
    const from = column.type;
    const aside = await widenColumn(db, [table], column, joined, type);
    if (aside !== undefined) tell({ change: 'column_moved_aside', column: column.name, from, to: type });
    else if (type !== from) tell({ change: 'column_widened', column: column.name, from, to: type });
  }
  await writeColumns(db, table, columns);
}

/** Adds a column to a table, and to the one in which its rows wait. */
export async function addColumn(
  db: Pg,
  tables: readonly (TableName | string)[],
  columns: Columns,
  field: string,
  kind: Kind,
  declared: boolean,
): Promise<Column> {
  const column = columns.add(field, field === REST_FIELD ? 'json' : kind, declared);
  for (const table of tables)
    await db.run(`ALTER TABLE ${nameOf(table)} ADD COLUMN ${quote(column.name)} ${column.type}`);
  return column;
}

/**
 * Changes a column's type; every value keeps its digits. Where views read the column, its type cannot change: it is moved
 * aside under another name, which the views follow, and a new column takes its place and its values.
 * Returns the name under which the old one is then.
 */
export async function widenColumn(
  db: Pg,
  tables: readonly (TableName | string)[],
  column: Column,
  kind: Kind,
  type: string,
): Promise<string | undefined> {
  let aside: string | undefined;
  if (type !== column.type) {
    for (const table of tables) {
      if (typeof table !== 'string') await dropKeyIndex(db, table);
      if (typeof table !== 'string' && (await isRead(db, table, column.name))) {
        aside = await moveAside(db, table, column, type);
        continue;
      }
      const using = widenExpression(column.name, column.type, type);
      await db.run(`ALTER TABLE ${nameOf(table)} ALTER COLUMN ${quote(column.name)} TYPE ${type} USING ${using}`);
    }
  }
  column.kind = kind;
  column.type = type;
  return aside;
}

/** Whether a view reads the column. */
async function isRead(db: Pg, table: TableName, name: string): Promise<boolean> {
  const rows = await db.all(
    `SELECT 1 AS one FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND n.nspname = ${literal(table.schema)}
        AND c.relname = ${literal(table.name)} AND a.attname = ${literal(name)} LIMIT 1`,
  );
  return rows.length > 0;
}

async function moveAside(db: Pg, table: TableName, column: Column, type: string): Promise<string> {
  const taken = new Set((await layoutOf(db, table)).map(({ name }) => name.toLowerCase()));
  let aside = '';
  for (let n = 1; aside === '' || taken.has(aside.toLowerCase()); n++)
    aside = withSuffix(column.name, n === 1 ? '__old' : `__old${n}`, POSTGRES_COLUMNS.names);
  const name = sqlName(table);
  await db.run(`ALTER TABLE ${name} RENAME COLUMN ${quote(column.name)} TO ${quote(aside)}`);
  await db.run(`ALTER TABLE ${name} ADD COLUMN ${quote(column.name)} ${type}`);
  await db.run(`UPDATE ${name} SET ${quote(column.name)} = ${widenExpression(aside, column.type, type)}`);
  return aside;
}

function nameOf(table: TableName | string): string {
  return typeof table === 'string' ? table : sqlName(table);
}

/** SQL that turns a column's value into the wider type, digit for digit. */
function widenExpression(name: string, type: string, to: string): string {
  const value = quote(name);
  if (to !== 'text' && to !== 'jsonb') return `${value}::${to}`;
  if (to === 'jsonb' && ['bigint', 'numeric', 'boolean'].includes(type)) return `to_jsonb(${value})`;
  const text = textExpression(value, type);
  return to === 'text' ? text : `to_jsonb(${text})`;
}

/** A value as the text that a JSON document would have had for it. */
function textExpression(value: string, type: string): string {
  const shape = `'YYYY-MM-DD"T"HH24:MI:SS.US`;
  if (type === 'timestamp without time zone') return `to_char(${value}, ${shape}')`;
  if (type === 'timestamp with time zone') return `to_char(${value} AT TIME ZONE 'UTC', ${shape}"Z"')`;
  return `${value}::text`;
}
