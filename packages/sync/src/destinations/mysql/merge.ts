import type { StreamPlan } from '../../destination.js';
import { type Columns, OWN_NAMES } from '../sql/column.js';
import { DELETED_FIELD } from '../sql/sql-database.js';
import type { Database } from './database.js';
import { quote, typeSql } from './dialect.js';
import { fieldSql, KEY_COLUMN } from './key.js';

/** A table, and the temporary one whose rows go into it. */
export interface Merge {
  /** Both as they stand in a statement. */
  into: string;
  from: string;
  columns: Columns;
  plan: StreamPlan;
}

const KEY = quote(KEY_COLUMN);
/** The server's idea of how many rows there are may be old: a table that it takes for empty would be read from end to end. */
const BY_KEY = `FORCE INDEX (${KEY})`;

/** Adds all rows. Returns how many. Part of the caller's transaction. */
export function append(db: Database, { into, from, columns }: Merge): Promise<number> {
  const names = namesOf(columns).join(', ');
  return db.change(`INSERT INTO ${into} (${names}) SELECT ${names} FROM ${from} ORDER BY _airbyte_raw_id`);
}

/** A temporary table for the keys of a merge, beside the one that the rows are in. */
function winnersOf(from: string): string {
  return `${from.slice(0, -1)}_keys\``;
}

/** What a merge needs is made before its transaction. */
export async function prepareMerge(db: Database, { from, columns, plan }: Merge): Promise<void> {
  const winners = winnersOf(from);
  const cursor = plan.cursorField.length === 1 ? columns.get(plan.cursorField[0]!) : undefined;
  const type = typeSql(cursor?.type ?? 'LONGTEXT');
  await db.run(`DROP TEMPORARY TABLE IF EXISTS ${winners}`);
  await db.run(
    `CREATE TEMPORARY TABLE ${winners} (row_key BINARY(32) NOT NULL PRIMARY KEY,
      row_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, row_cursor ${type} NULL) ENGINE=InnoDB`,
  );
}

/**
 * Adds the rows of which nothing newer is known and deletes what they supersede: of the rows of one primary key the one with
 * the greatest cursor stays, of equal ones the one that came last. When that one says that the row was deleted at the source,
 * it goes too. Rows with no key at all are all kept. Part of the caller's transaction; a temporary table may be named only
 * once in a statement.
 */
export async function mergeByKey(db: Database, { into, from, columns, plan }: Merge): Promise<void> {
  const winners = winnersOf(from);
  const cursor = fieldSql(columns, plan.cursorField);
  const old = cursor && fieldSql(columns, plan.cursorField, 'old.');
  const names = namesOf(columns);
  const order = cursor ? `${cursor} IS NOT NULL, ${cursor}, ` : '';
  // Of the new rows the last in this order takes the others' place.
  await db.run(
    `REPLACE INTO ${winners} (row_key, row_id, row_cursor) SELECT ${KEY}, _airbyte_raw_id, ${cursor ?? 'NULL'} FROM ${from}
      WHERE ${KEY} IS NOT NULL ORDER BY ${order}_airbyte_raw_id`,
  );
  // What is in the table came earlier: it stays only when its cursor is greater.
  const loses = old ? `(${old} IS NULL OR ${old} <= fresh.row_cursor)` : 'TRUE';
  await db.run(
    `DELETE old FROM ${winners} AS fresh STRAIGHT_JOIN ${into} AS old ${BY_KEY} ON old.${KEY} = fresh.row_key WHERE ${loses}`,
  );
  if (old) {
    await db.run(
      `DELETE fresh FROM ${winners} AS fresh STRAIGHT_JOIN ${into} AS old ${BY_KEY} ON old.${KEY} = fresh.row_key`,
    );
  }
  const deletedAt = columns.get(DELETED_FIELD);
  const stays = deletedAt ? ` AND fresh.${quote(deletedAt.name)} IS NULL` : '';
  // In the order of the rows, so that the table grows at its end.
  await db.run(
    `INSERT INTO ${into} (${names.join(', ')}) SELECT ${names.map((name) => `fresh.${name}`).join(', ')}
      FROM ${from} AS fresh LEFT JOIN ${winners} AS winner ON winner.row_key = fresh.${KEY}
      WHERE fresh.${KEY} IS NULL OR (winner.row_id = fresh._airbyte_raw_id${stays}) ORDER BY fresh._airbyte_raw_id`,
  );
}

/** A table that had several rows of one key before it was deduplicated: the one that stays is chosen as in a merge. */
export async function removeDuplicates(db: Database, { into, columns, plan }: Omit<Merge, 'from'>): Promise<void> {
  const [mine, other] = ['old.', 'better.'].map((prefix) => fieldSql(columns, plan.cursorField, prefix));
  const later = 'better._airbyte_raw_id > old._airbyte_raw_id';
  const wins = mine
    ? `(${other} > ${mine} OR (${mine} IS NULL AND ${other} IS NOT NULL) OR (${mine} <=> ${other} AND ${later}))`
    : later;
  await db.run(`DELETE old FROM ${into} AS old JOIN ${into} AS better ON old.${KEY} = better.${KEY} AND ${wins}`);
}

function namesOf(columns: Columns): string[] {
  return [...OWN_NAMES, ...columns.list.map(({ name }) => name)].map(quote);
}
