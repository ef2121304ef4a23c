import type { StreamPlan } from '../../destination.js';
import type { SchemaChange } from '../../schema-change.js';
import { type Column, Columns, declaredFields, successorColumns } from '../sql/column.js';
import { readKnownColumns, writeColumns } from '../sql/column-books.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import type { SqlDatabase, TableName } from '../sql/sql-database.js';
import { joinKinds, type Kind } from '../sql/value-kind.js';
import type { Database } from './database.js';
import { MYSQL_COLUMNS, OWN_COLUMNS, quote, sqlName, TABLE_OPTIONS, typeOf, typeSql } from './dialect.js';
import { dropKey, isInKey, KEY_COLUMN } from './key.js';
import { typeFor, WIDE_COLUMN, type WideTables, widenColumn } from './widen.js';

/** Tells of a change of a table that was there before. */
export type Tell = (change: Omit<SchemaChange, 'stream'>) => void;

export async function tableExists(db: SqlDatabase, { schema, name }: TableName): Promise<boolean> {
  const found = await db.all(
    'SELECT 1 AS found FROM information_schema.tables WHERE table_schema = $1 AND table_name = $2',
    [schema, name],
  );
  return found.length > 0;
}

export async function hasRows(db: SqlDatabase, table: TableName): Promise<boolean> {
  return (await db.all(`SELECT 1 AS found FROM ${sqlName(table)} LIMIT 1`)).length > 0;
}

/** The columns as they stand in the table: name and type, in order. */
async function layoutOf(db: SqlDatabase, { schema, name }: TableName): Promise<{ name: string; type: string }[]> {
  const rows = await db.all(
    `SELECT column_name AS name, column_type AS type FROM information_schema.columns
      WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position`,
    [schema, name],
  );
  return rows.map((row) => ({ name: String(row.name), type: typeOf(String(row.type)) }));
}

/** What the books and the table say about its columns. What a kill has left of a widening is removed. */
export async function readColumns(db: SqlDatabase, books: LedgerDialect, table: TableName): Promise<Columns> {
  const layout = await layoutOf(db, table);
  if (layout.some(({ name }) => name === WIDE_COLUMN))
    await db.run(`ALTER TABLE ${sqlName(table)} DROP COLUMN ${quote(WIDE_COLUMN)}`);
  const types = new Map(layout.map(({ name, type }) => [name, type]));
  const known = await readKnownColumns(db, books, table, types);
  const columns = new Columns(MYSQL_COLUMNS, known);
  for (const { name } of layout) columns.reserve(name);
  columns.reserve(KEY_COLUMN);
  columns.reserve(WIDE_COLUMN);
  return columns;
}

/** A new table for these columns, and their place in the books. */
export async function createTable(
  db: Database,
  books: LedgerDialect,
  table: TableName,
  columns: Columns,
): Promise<void> {
  const own = OWN_COLUMNS.map(([name, type]) => `${quote(name)} ${type}`);
  const fields = columns.list.map((column) => `${quote(column.name)} ${typeSql(column.type)} NULL`);
  await db.transaction(() => writeColumns(db, books, table, columns));
  await db.run(`CREATE TABLE IF NOT EXISTS ${sqlName(table)} (${[...own, ...fields].join(', ')})${TABLE_OPTIONS}`);
}

/** The table that stands beside an old one, by the schema; fields in `first` get a column however many there are. */
export function nextColumns(
  schema: Parameters<typeof successorColumns>[0],
  first: readonly string[],
  old: Columns,
): Columns {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    return successorColumns(schema, old);
  const fields = Object.entries(properties);
  if (fields.length <= MYSQL_COLUMNS.columnsMax) return successorColumns(schema, old);
  const sorted = [
    ...fields.filter(([name]) => first.includes(name)),
    ...fields.filter(([name]) => !first.includes(name)),
  ];
  return successorColumns({ ...schema, properties: Object.fromEntries(sorted) }, old);
}

/** Brings a table that has rows to the schema: columns are added and widened, none is removed. */
export async function evolveTable(
  db: Database,
  books: LedgerDialect,
  table: TableName,
  columns: Columns,
  plan: StreamPlan,
  tell: Tell,
): Promise<void> {
  const fields = declaredFields(plan.schema);
  const fresh = fields.filter(([field]) => !columns.has(field)).slice(0, columns.room);
  const added = await addColumns(db, { books, table, also: [] }, columns, fresh, true);
  for (const column of added) tell({ change: 'column_added', column: column.name, to: column.type });
  for (const [field, kind] of fields) {
    const column = columns.get(field);
    if (!column) continue;
    column.declared = true;
    const joined = joinKinds(column.kind, kind);
    if (joined === column.kind) continue;
    const from = column.type;
    const type = await typeFor(joined, column, [], [sqlName(table)], db);
    if (isInKey(plan, field)) await dropKey(db, sqlName(table));
    await widenColumn(db, { books, table, also: [] }, column, joined, type);
    if (type !== from) tell({ change: 'column_widened', column: column.name, from, to: type });
  }
  await db.transaction(() => writeColumns(db, books, table, columns));
}

/**
 * Adds columns to a table and to temporary ones that have the same; that takes the same time however many rows there are.
 * The books come first: a column that they alone know is made under the same name the next time.
 */
export async function addColumns(
  db: Database,
  { books, table, also }: WideTables,
  columns: Columns,
  fields: readonly (readonly [string, Kind])[],
  declared: boolean,
): Promise<Column[]> {
  const added = fields.map(([field, kind]) => columns.add(field, kind, declared));
  if (added.length === 0) return added;
  await db.transaction(() => writeColumns(db, books, table, columns));
  const parts = added.map((column) => `ADD COLUMN ${quote(column.name)} ${typeSql(column.type)} NULL`);
  for (const each of [sqlName(table), ...also]) await db.run(`ALTER TABLE ${each} ${parts.join(', ')}`);
  return added;
}
