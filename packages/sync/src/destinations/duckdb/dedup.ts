import type { StreamPlan } from '../../destination.js';
import type { Columns } from '../sql/column.js';
import { DELETED_FIELD } from '../sql/sql-database.js';
import { literal, quote } from './column.js';
import type { Db } from './database.js';
import { isAfter } from './table.js';

/** SQL of a field, or of a place inside a JSON one. Undefined when the table has no such column. */
export function fieldSql(columns: Columns, path: readonly string[]): string | undefined {
  const [first = '', ...rest] = path;
  const column = columns.get(first);
  if (!column) return undefined;
  if (rest.length === 0) return quote(column.name);
  const steps = rest.map((part) => `."${part.replaceAll('"', '\\"')}"`).join('');
  return `json_extract_string(${quote(column.name)}, ${literal(`$${steps}`)})`;
}

/**
 * Deletes what the rows since `mark` supersede, and which of them are superseded: of the rows of one primary key the one
 * with the greatest cursor stays, of equal ones the one that came last. When that one says that the row was deleted at the
 * source, it goes too. Rows with no key at all are left alone.
 */
export async function removeSuperseded(
  db: Db,
  table: string,
  columns: Columns,
  plan: Pick<StreamPlan, 'primaryKey' | 'cursorField'>,
  mark: number,
): Promise<void> {
  const keys = plan.primaryKey.map((path) => fieldSql(columns, path)).filter((sql) => sql !== undefined);
  if (keys.length === 0) return;
  const cursor = fieldSql(columns, plan.cursorField);
  const order = [...(cursor ? [`${cursor} DESC NULLS LAST`] : []), '_airbyte_raw_id DESC'].join(', ');
  const deletedAt = columns.get(DELETED_FIELD);
  const deleted = deletedAt ? ` OR ${quote(deletedAt.name)} IS NOT NULL` : '';
  const anyKey = keys.map((key) => `${key} IS NOT NULL`).join(' OR ');
  const named = keys.map((key, index) => `${key} AS _tidemark_k${index}`).join(', ');
  const same = keys.map((_, index) => `a._tidemark_k${index} IS NOT DISTINCT FROM b._tidemark_k${index}`).join(' AND ');
  const list = keys.map((_, index) => `_tidemark_k${index}`).join(', ');
  await db.run(`
    DELETE FROM ${table} WHERE rowid IN (
      SELECT _tidemark_row FROM (
        SELECT a.*, row_number() OVER (PARTITION BY ${keys.map((_, i) => `a._tidemark_k${i}`).join(', ')} ORDER BY ${order}) AS _tidemark_place
        FROM (SELECT rowid AS _tidemark_row, ${named}, * FROM ${table} WHERE ${anyKey}) AS a
        SEMI JOIN (
          SELECT DISTINCT ${list} FROM (SELECT ${named} FROM ${table} WHERE ${isAfter(mark)})
        ) AS b ON ${same}
      ) WHERE _tidemark_place > 1${deleted}
    )`);
}
