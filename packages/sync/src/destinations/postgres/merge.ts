import type { StreamPlan } from '../../destination.js';
import type { Columns } from '../sql/column.js';
import { DELETED_FIELD } from '../sql/sql-database.js';
import { quote } from './columns.js';
import type { Pg } from './database.js';
import { fieldPart, indexed, type KeyPart, keyParts } from './key-index.js';

/**
 * Moves the rows that wait in `stage` into `table`, one row for each primary key: of its rows, old and new, the one with the
 * greatest cursor stays, of equal ones the one that came last. When that one says that the row was deleted at the source,
 * it goes too. Rows with no key at all are all kept.
 */
export async function merge(db: Pg, stage: string, table: string, columns: Columns, plan: StreamPlan): Promise<void> {
  const list = ['_airbyte_raw_id', '_airbyte_extracted_at', '_airbyte_meta', '_airbyte_generation_id']
    .concat(columns.list.map(({ name }) => name))
    .map(quote)
    .join(', ');
  const keys = keyParts(columns, plan);
  if (keys.length > 0) await removeSuperseded(db, stage, table, columns, plan, keys);
  const deleted = keys.length > 0 ? columns.get(DELETED_FIELD) : undefined;
  const kept = deleted ? ` WHERE ${quote(deleted.name)} IS NULL OR NOT (${anyKey(keys, '')})` : '';
  await db.run(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${stage}${kept}`);
}

async function removeSuperseded(
  db: Pg,
  stage: string,
  table: string,
  columns: Columns,
  plan: StreamPlan,
  keys: readonly KeyPart[],
): Promise<void> {
  await db.run(`ANALYZE ${stage}`);
  const cursor = fieldPart(columns, plan.cursorField);
  const order = [...(cursor ? [`${cursor.sql('s')} DESC NULLS LAST`] : []), 's._airbyte_raw_id DESC'].join(', ');
  await db.run(
    `DELETE FROM ${stage} WHERE ctid = ANY(ARRAY(
      SELECT place.ctid FROM (
        SELECT s.ctid, row_number() OVER (PARTITION BY ${keys.map((key) => key.sql('s')).join(', ')} ORDER BY ${order}) AS n
        FROM ${stage} s WHERE ${anyKey(keys, 's')}
      ) AS place WHERE place.n > 1))`,
  );
  const isWhole = keys.map((key) => `${key.sql('s')} IS NOT NULL`).join(' AND ');
  const some = await db.all(
    `SELECT 1 AS one FROM ${stage} s WHERE NOT (${isWhole}) AND (${anyKey(keys, 's')}) LIMIT 1`,
  );
  const same = keys.map((key) => `${indexed(key, 's')} = ${indexed(key, 't')} AND ${key.sql('s')} = ${key.sql('t')}`);
  const matches = [same.join(' AND ')];
  // Nulls are equal here, which no index and no `=` knows: only for rows that have some, by what their keys are as a whole.
  if (some.length > 0) {
    const holed = (alias: string) => keys.map((key) => `${key.sql(alias)} IS NULL`).join(' OR ');
    matches.push(
      `(${holed('s')}) AND (${anyKey(keys, 's')}) AND (${holed('t')}) AND ${whole(keys, 's')} = ${whole(keys, 't')}`,
    );
  }
  for (const match of matches) {
    if (cursor) {
      const [mine, theirs] = [cursor.sql('s'), cursor.sql('t')];
      await db.run(
        `DELETE FROM ${stage} s USING ${table} t WHERE ${match} AND (${theirs} > ${mine} OR (${mine} IS NULL AND ${theirs} IS NOT NULL))`,
      );
    }
    await db.run(`DELETE FROM ${table} t USING ${stage} s WHERE ${match}`);
  }
}

function anyKey(keys: readonly KeyPart[], alias: string): string {
  return keys.map((key) => `${key.sql(alias)} IS NOT NULL`).join(' OR ');
}

/** A key as one text, nulls and all; equal numbers are equal texts. */
function whole(keys: readonly KeyPart[], alias: string): string {
  const parts = keys.map((key) => (key.type === 'numeric' ? `trim_scale(${key.sql(alias)})` : key.sql(alias)));
  return `ROW(${parts.join(', ')})::text`;
}
