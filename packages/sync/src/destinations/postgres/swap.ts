import type { StreamPlan } from '../../destination.js';
import { type Column, type Columns, OWN_NAMES } from '../sql/column.js';
import { refuseEmpty } from '../sql/refuse-empty.js';
import type { TableName } from '../sql/sql-database.js';
import { literal, quote, sqlName } from './columns.js';
import type { Pg } from './database.js';
import { dropTable, isEmpty, readColumns, tableExists, widenColumn, writeColumns } from './table.js';

/**
 * The new table takes the old one's place, in the open transaction: no reader sees anything between. Who was allowed to read
 * the old table may read the new one. Where views read the old table, it stays and only its rows are replaced: a view would
 * keep it from being dropped. Done already (there is no new table): nothing happens.
 * Throws ConnectorError (config) when it is empty, the old one is not, and the plan does not allow it.
 */
export async function swap(
  db: Pg,
  plan: StreamPlan,
  next: TableName,
  final: TableName,
  columns: Columns,
): Promise<void> {
  if (!(await tableExists(db, next))) return;
  if (!plan.replaceWithEmpty && (await isEmpty(db, next)) && !(await isEmpty(db, final)))
    throw refuseEmpty(plan, `${final.schema}.${final.name}`);
  if (await hasViews(db, final)) {
    await refill(db, next, final, columns);
    return;
  }
  for (const grant of await grantsOf(db, final)) await db.run(`GRANT ${grant.replace('ON ?', `ON ${sqlName(next)}`)}`);
  await dropTable(db, final);
  await db.run(`ALTER TABLE ${sqlName(next)} RENAME TO ${quote(final.name)}`);
  await dropTable(db, next);
  await writeColumns(db, final, columns);
}

async function hasViews(db: Pg, table: TableName): Promise<boolean> {
  const rows = await db.all(
    `SELECT 1 AS one FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND n.nspname = ${literal(table.schema)} AND c.relname = ${literal(table.name)} LIMIT 1`,
  );
  return rows.length > 0;
}

/** The old table gets the new one's columns and rows. */
async function refill(db: Pg, next: TableName, final: TableName, columns: Columns): Promise<void> {
  const old = await readColumns(db, final);
  for (const column of columns.list) {
    const before = old.get(column.field);
    if (!before) await addAs(db, final, column);
    else if (before.type !== column.type) await widenColumn(db, [final], before, column.kind, column.type);
  }
  const list = [...OWN_NAMES, ...columns.list.map(({ name }) => name)].map(quote).join(', ');
  await db.run(`TRUNCATE ${sqlName(final)}`);
  await db.run(`INSERT INTO ${sqlName(final)} (${list}) SELECT ${list} FROM ${sqlName(next)}`);
  await dropTable(db, next);
  await writeColumns(db, final, columns);
}

async function addAs(db: Pg, table: TableName, { name, type }: Column): Promise<void> {
  await db.run(`ALTER TABLE ${sqlName(table)} ADD COLUMN IF NOT EXISTS ${quote(name)} ${type}`);
}

/** What others than the owner may do with the table. */
async function grantsOf(db: Pg, table: TableName): Promise<string[]> {
  const rows = await db.all(
    `SELECT acl.privilege_type AS what, acl.is_grantable AS further,
        CASE WHEN acl.grantee = 0 THEN NULL ELSE pg_get_userbyid(acl.grantee) END AS who
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) acl
      WHERE n.nspname = ${literal(table.schema)} AND c.relname = ${literal(table.name)} AND acl.grantee <> c.relowner`,
  );
  return rows.map(({ what, who, further }) => {
    const whom = who === null ? 'PUBLIC' : quote(String(who));
    return `${String(what)} ON ? TO ${whom}${further === 't' ? ' WITH GRANT OPTION' : ''}`;
  });
}
