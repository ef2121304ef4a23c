import type { Column, Columns } from './column.js';
import { truth } from './ledger.js';
import type { LedgerDialect } from './ledger-tables.js';
import type { SqlDatabase, TableName } from './sql-database.js';
import type { Kind } from './value-kind.js';

/**
 * The columns of a table as the books have them, with the types that the table has; those that are not in the table are left
 * out. Fields stand in the books as JSON: a name may have a character that a database's text cannot hold.
 */
export async function readKnownColumns(
  db: SqlDatabase,
  books: LedgerDialect,
  table: TableName,
  types: ReadonlyMap<string, string>,
): Promise<Column[]> {
  const rows = await db.all(
    `SELECT field, column_name AS name, kind, declared FROM ${books.table('columns')}
      WHERE schema_name = $1 AND table_name = $2 ORDER BY position`,
    [table.schema, table.name],
  );
  return rows
    .filter((row) => types.has(String(row.name)))
    .map((row): Column => {
      const name = String(row.name);
      const field = JSON.parse(String(row.field)) as string;
      return { field, name, kind: String(row.kind) as Kind, type: types.get(name)!, declared: truth(row.declared) };
    });
}

/** Part of the caller's transaction, if there is one. */
export async function writeColumns(
  db: SqlDatabase,
  books: LedgerDialect,
  table: TableName,
  { list }: Columns,
): Promise<void> {
  await forgetColumns(db, books, table);
  if (list.length === 0) return;
  const rows = list.map((_, position) => {
    const at = position * 6;
    return `($${at + 1}, $${at + 2}, ${position}, $${at + 3}, $${at + 4}, $${at + 5}, $${at + 6})`;
  });
  await db.run(
    `INSERT INTO ${books.table('columns')} (schema_name, table_name, position, field, column_name, kind, declared)
      VALUES ${rows.join(', ')}`,
    list.flatMap(({ field, name, kind, declared }) => [
      ...[table.schema, table.name, JSON.stringify(field), name, kind],
      declared,
    ]),
  );
}

/** Part of the caller's transaction, if there is one. */
export async function forgetColumns(db: SqlDatabase, books: LedgerDialect, table: TableName): Promise<void> {
  await db.run(`DELETE FROM ${books.table('columns')} WHERE schema_name = $1 AND table_name = $2`, [
    table.schema,
    table.name,
  ]);
}
