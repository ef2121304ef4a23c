import { noteChanges } from '@tidemark/source';
import { LOST } from '../column.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { name, qualified } from './sql.js';
import type { PostgresColumn } from './types.js';
import type { Unsent } from './wal-changes.js';

/**
 * Large values that an update did not touch, and values of columns that were added later, are not in the log: they are
 * looked up by the row's key. What is found may be
 * newer than the change; then a later change of the log says so. A row that is gone meanwhile has its values noted as lost.
 */
export async function lookUpUnsent(clients: Clients, unsent: readonly Unsent[]): Promise<void> {
  for (const { table, record, columns } of unsent) {
    const { relation, primaryKey } = table;
    const key = primaryKey.map((column) => table.columns.find((each) => each.name === column)!);
    const where = key.map((column, i) => `${name(column.name)} = $${i + 1}::${column.type}`).join(' AND ');
    const list = columns.map((column, i) => `${name(column.name)}::text AS c${i}`).join(', ');
    let found: Record<string, string | null> | undefined;
    try {
      [found] = await clients.query<Record<string, string | null>>(
        `SELECT ${list} FROM ${qualified(relation.schema, relation.name)} WHERE ${where}`,
        key.map((column) => String(record[column.name])),
      );
    } catch (error) {
      throw postgresError(error, `Looking up large values of ${relation.id}`);
    }
    const lost: PostgresColumn[] = [];
    columns.forEach((column, i) => {
      const text = found?.[`c${i}`];
      if (text === null) return;
      const value = text === undefined ? LOST : column.decode(text);
      if (value === LOST) lost.push(column);
      else record[column.name] = value;
    });
    noteChanges(
      record,
      lost.map((column) => ({ field: column.name, change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' })),
    );
  }
}
