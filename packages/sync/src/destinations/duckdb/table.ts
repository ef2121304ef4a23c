import type { SchemaChange } from '../../schema-change.js';
import { type Column, Columns } from '../sql/column.js';
import { firstIdAfter } from '../sql/raw-id.js';
import type { TableName } from '../sql/sql-database.js';
import { joinKinds, type Kind } from '../sql/value-kind.js';
import { DUCKDB_COLUMNS, literal, OWN_COLUMNS, quote } from './column.js';
import type { Db } from './database.js';
import { typeFor, widenExpression } from './widen.js';

/** Tells of a change of a table that was there before. */
export type Tell = (change: Omit<SchemaChange, 'stream'>) => void;

export function sqlName(table: TableName): string {
  return [...(table.catalog === undefined ? [] : [table.catalog]), table.schema, table.name].map(quote).join('.');
}

function where(table: TableName, prefix = ''): string {
  return `${prefix}schema_name = ${literal(table.schema)} AND ${prefix}table_name = ${literal(table.name)}`;
}

export async function tableExists(db: Db, table: TableName): Promise<boolean> {
  const row = await db.one(
    `SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = current_database() AND ${where(table)}`,
  );
  return Number(row.n) > 0;
}

/** The columns as they stand in the table: name and type, in order. */
export async function layoutOf(db: Db, table: TableName): Promise<{ name: string; type: string }[]> {
  const rows = await db.all(
    `SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() AND ${where(table)} ORDER BY column_index`,
  );
  return rows.map((row) => ({ name: String(row.column_name), type: String(row.data_type) }));
}

/** SQL of the rows whose ids are later than the millisecond `mark`. */
export function isAfter(mark: number): string {
  return `_airbyte_raw_id >= '${firstIdAfter(mark)}'::UUID`;
}

/** Deletes the rows whose ids are later than the millisecond `mark`: what no state covers. */
export async function deleteAfter(db: Db, table: TableName, mark: number): Promise<void> {
  await db.run(`DELETE FROM ${sqlName(table)} WHERE ${isAfter(mark)}`);
}

/** What the books and the table say about its columns. */
export async function readColumns(db: Db, table: TableName): Promise<Columns> {
  const layout = await layoutOf(db, table);
  const types = new Map(layout.map(({ name, type }) => [name, type]));
  const rows = await db.all(
    `SELECT field, column_name, kind, declared FROM _tidemark.columns WHERE ${where(table)} ORDER BY position`,
  );
  const known = rows
    .filter((row) => types.has(String(row.column_name)))
    .map((row): Column => {
      const name = String(row.column_name);
      return {
        field: String(row.field),
        name,
        kind: String(row.kind) as Kind,
        type: types.get(name)!,
        declared: row.declared === true,
      };
    });
  const columns = new Columns(DUCKDB_COLUMNS, known);
  for (const { name } of layout) columns.reserve(name);
  return columns;
}

export async function writeColumns(db: Db, table: TableName, columns: Columns): Promise<void> {
  await db.run(`DELETE FROM _tidemark.columns WHERE ${where(table)}`);
  if (columns.list.length === 0) return;
  const rows = columns.list.map(({ field, name, kind, declared }, position) => {
    const texts = [table.schema, table.name, field, name, kind].map(literal);
    return `(${texts[0]}, ${texts[1]}, ${position}, ${texts[2]}, ${texts[3]}, ${texts[4]}, ${declared})`;
  });
  await db.run(`INSERT INTO _tidemark.columns VALUES ${rows.join(', ')}`);
}

/** A new table for these columns. */
export async function createTable(db: Db, table: TableName, columns: Columns): Promise<void> {
  const own = OWN_COLUMNS.map(([name, type]) => `${quote(name)} ${type}`);
  const fields = columns.list.map((column) => `${quote(column.name)} ${column.type}`);
  const schema = [...(table.catalog === undefined ? [] : [table.catalog]), table.schema].map(quote).join('.');
  await db.run(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await db.run(`CREATE TABLE ${sqlName(table)} (${[...own, ...fields].join(', ')})`);
  await writeColumns(db, table, columns);
}

/** Brings a table that has rows to the schema: columns are added and widened, none is removed. */
export async function evolveTable(
  db: Db,
  table: TableName,
  columns: Columns,
  fields: readonly (readonly [string, Kind])[],
  tell: Tell,
): Promise<void> {
  for (const [field, kind] of fields) {
    const column = columns.get(field);
    if (!column) {
      const added = await addColumn(db, table, columns, field, kind, true);
      tell({ change: 'column_added', column: added.name, to: added.type });
      continue;
    }
    column.declared = true;
    const joined = joinKinds(column.kind, kind);
    if (joined === column.kind) continue;
    const type = await typeFor(joined, column, [], sqlName(table), (sql) => db.one(sql));
    if (type !== column.type) tell({ change: 'column_widened', column: column.name, from: column.type, to: type });
    await widenColumn(db, table, column, joined, type);
  }
  await writeColumns(db, table, columns);
}

export async function addColumn(
  db: Db,
  table: TableName,
  columns: Columns,
  field: string,
  kind: Kind,
  declared: boolean,
): Promise<Column> {
  const column = columns.add(field, kind, declared);
  await db.run(`ALTER TABLE ${sqlName(table)} ADD COLUMN ${quote(column.name)} ${column.type}`);
  return column;
}

/** Changes a column's type; every value keeps its digits. */
export async function widenColumn(db: Db, table: TableName, column: Column, kind: Kind, type: string): Promise<void> {
  if (type !== column.type) {
    const using = widenExpression(column, type);
    await db.run(`ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quote(column.name)} TYPE ${type} USING ${using}`);
  }
  column.kind = kind;
  column.type = type;
}
