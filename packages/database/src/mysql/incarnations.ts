import type { Clients } from './clients.js';
import { quoteText } from './sql.js';

/** Of a table with many partitions the youngest ones say enough: the oldest are dropped first. */
const INCARNATIONS_MAX = 64;

/** A server that does not have a view of the catalog, or does not show it to this user. */
const HIDDEN = new Set([
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_UNKNOWN_TABLE',
  'ER_NO_SUCH_TABLE',
]);

/**
 * What the server calls a table, or its partitions, whatever the name: another one after TRUNCATE, after DROP and CREATE, and
 * after an ALTER TABLE or OPTIMIZE that writes the table anew. MySQL shows it to everybody, MariaDB to those with the right
 * PROCESS only; others see when the table was made or altered, which TRUNCATE does not change there. Empty where nothing is
 * known. Throws what the driver throws.
 */
export async function incarnationsOf(clients: Clients, schema: string, name: string): Promise<string[]> {
  for (const statement of [ofMysql(schema, name), ofMariadb(schema, name), whenMade(schema, name)]) {
    const rows = await clients.query(statement).catch((error: { code?: string }) => {
      if (HIDDEN.has(error.code ?? '')) return [];
      throw error;
    });
    const known = rows.flatMap(([each]) => each ?? []);
    if (known.length > 0) return known;
  }
  return [];
}

function ofMysql(schema: string, name: string): string {
  const table = `${schema}/${name}`;
  return tablesLike('INNODB_TABLESPACES_BRIEF', 'space', table, '#p#');
}

function ofMariadb(schema: string, name: string): string {
  return tablesLike('INNODB_SYS_TABLES', 'table_id', `${fileName(schema)}/${fileName(name)}`, '#P#');
}

function tablesLike(view: string, id: string, table: string, partition: string): string {
  const pattern = quoteText(`${table.replaceAll(/[%_\\]/g, '\\$&')}${partition}%`);
  return `SELECT ${id} FROM information_schema.${view} WHERE name = ${quoteText(table)} OR name LIKE ${pattern}
    ORDER BY ${id} DESC LIMIT ${INCARNATIONS_MAX}`;
}

function whenMade(schema: string, name: string): string {
  return `SELECT create_time FROM information_schema.tables
    WHERE table_schema = ${quoteText(schema)} AND table_name = ${quoteText(name)}`;
}

/** As the name is written in a file system; letters beyond ASCII are not translated, so that such a table is not found. */
function fileName(name: string): string {
  return name.replaceAll(/[^0-9A-Za-z_]/g, (char) => `@${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
