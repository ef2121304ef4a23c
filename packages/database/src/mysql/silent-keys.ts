import type { Finding, Table } from '../dialect.js';
import { tableId } from '../table-id.js';
import type { Clients } from './clients.js';
import { isStatementError, mysqlError } from './errors.js';
import { quoteName, quoteText } from './sql.js';

/** Foreign keys by which the server changes rows of a table without writing it to the log. */
interface SilentKey {
  readonly name: string;
  /** The table whose rows it follows. */
  readonly parent: string;
  /** `ON DELETE CASCADE`, `ON UPDATE SET NULL` and so on. */
  readonly actions: readonly string[];
}

const ACTIONS = new Set(['CASCADE', 'SET NULL', 'SET DEFAULT']);
const NAME = '`(?:[^`]|``)+`';
const CONSTRAINT = new RegExp(
  `^\\s*CONSTRAINT (${NAME}) FOREIGN KEY \\(.*?\\) REFERENCES (${NAME}(?:\\.${NAME})?) \\(.*?\\)(.*)$`,
  'gm',
);

/**
 * What `check` says of tables whose rows foreign keys change. Each table is asked for, one by one: the catalog of MariaDB shows
 * foreign keys only to who has more rights than to read. Throws ConnectorError where the server cannot be reached.
 */
export async function silentKeyFindings(clients: Clients, tables: readonly Table[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { namespace = clients.config.database, name, ...table } of tables) {
    if (table.primaryKey.length === 0) continue;
    const [row] = await asked(clients, `SHOW CREATE TABLE ${quoteName(namespace)}.${quoteName(name)}`);
    const keys = declaredKeys(row?.[1] ?? '', namespace);
    if (keys.length === 0) continue;
    findings.push({ severity: 'hint', table: tableId({ namespace, name }), problem: `${sentence(keys)} ${REMEDY}` });
  }
  return findings;
}

/** What a reading of the log warns of, for all of these tables by one statement. Throws as the findings do. */
export async function silentKeyWarnings(clients: Clients, tables: readonly Table[]): Promise<string[]> {
  const schemas = [...new Set(tables.map(({ namespace }) => namespace ?? clients.config.database))];
  if (schemas.length === 0) return [];
  const rows = await asked(
    clients,
    `SELECT constraint_schema, table_name, constraint_name, unique_constraint_schema, referenced_table_name, delete_rule, update_rule
      FROM information_schema.referential_constraints WHERE constraint_schema IN (${schemas.map(quoteText).join(', ')})
      ORDER BY constraint_schema, table_name, constraint_name`,
  );
  const followed = new Set(tables.map(({ namespace = clients.config.database, name }) => tableId({ namespace, name })));
  const keys = new Map<string, SilentKey[]>();
  for (const [namespace, table, name, parentSchema, parent, onDelete, onUpdate] of rows) {
    const id = tableId({ namespace: namespace!, name: table! });
    const actions = actionsOf({ DELETE: onDelete ?? '', UPDATE: onUpdate ?? '' });
    if (!followed.has(id) || actions.length === 0) continue;
    keys.set(id, [...(keys.get(id) ?? []), { name: name!, parent: `${parentSchema}.${parent}`, actions }]);
  }
  return [...keys].map(([id, each]) => `${id}: ${sentence(each)} ${REMEDY}`);
}

const REMEDY =
  "Where that happens, let the stream be read whole by each sync ('method: none'), or refresh it from time to time.";

function sentence(keys: readonly SilentKey[]): string {
  const each = keys.map(({ name, parent, actions }) => `${name} (${actions.join(', ')}, of ${parent})`).join(', ');
  return `What the server changes in it by a foreign key is not in the binlog, and its copy stays as it was: ${each}.`;
}

function actionsOf(rules: Readonly<Record<'DELETE' | 'UPDATE', string>>): string[] {
  return Object.entries(rules).flatMap(([when, rule]) => (ACTIONS.has(rule) ? [`ON ${when} ${rule}`] : []));
}

/** From the text of `SHOW CREATE TABLE`, of a table in this database. */
function declaredKeys(statement: string, namespace: string): SilentKey[] {
  return [...statement.matchAll(CONSTRAINT)].flatMap(([, name, parent, rules]) => {
    const rule = (when: string): string =>
      new RegExp(`ON ${when} (CASCADE|SET NULL|SET DEFAULT)`).exec(rules!)?.[1] ?? '';
    const actions = actionsOf({ DELETE: rule('DELETE'), UPDATE: rule('UPDATE') });
    if (actions.length === 0) return [];
    const table = unquoted(parent!);
    return [{ name: unquoted(name!), parent: parent!.includes('`.`') ? table : `${namespace}.${table}`, actions }];
  });
}

function unquoted(name: string): string {
  return name.replace(/`((?:[^`]|``)+)`/g, (_, inside: string) => inside.replaceAll('``', '`'));
}

/** What the user may not see is not told of. */
async function asked(clients: Clients, sql: string): Promise<(string | null)[][]> {
  try {
    return await clients.query(sql);
  } catch (error) {
    if (isStatementError(error)) return [];
    throw mysqlError(error, 'Looking at the foreign keys');
  }
}
