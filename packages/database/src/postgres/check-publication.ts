import type { Finding } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import type { Clients } from './clients.js';
import { type Relation, withoutKeyInLog } from './relation.js';
import { name, qualified } from './sql.js';

/** A table that is to be followed, and those of its columns that are wanted. */
export interface PublishedTable {
  readonly table: CatalogTable;
  readonly columns: readonly string[];
}

/** What makes the publication of these tables. */
export function publicationStatement(publication: string, tables: readonly CatalogTable[]): string {
  const list = tables.map(({ relation }) => qualified(relation.schema, relation.name)).join(', ');
  const isParted = tables.some(({ relation }) => relation.kind === 'p');
  return `CREATE PUBLICATION ${name(publication)} FOR TABLE ${list}${isParted ? ' WITH (publish_via_partition_root = true)' : ''};`;
}

/**
 * What a publication does not send of these tables: without an error of the server, their copies would go wrong. `blocking` is
 * about the publication as a whole. Catalog reads only. Throws what the driver throws.
 */
export async function checkPublication(
  clients: Clients,
  publication: string,
  tables: readonly PublishedTable[],
): Promise<Finding[]> {
  const [row] = await clients.query<{ unsent: string }>(
    `SELECT pg_catalog.concat_ws(', ', CASE WHEN NOT pubinsert THEN 'insert' END, CASE WHEN NOT pubupdate THEN 'update' END,
        CASE WHEN NOT pubdelete THEN 'delete' END,
        CASE WHEN pg_catalog.to_jsonb(p)->>'pubtruncate' = 'false' THEN 'truncate' END) AS unsent
      FROM pg_catalog.pg_publication p WHERE pubname = $1`,
    [publication],
  );
  if (!row)
    return [
      {
        severity: 'blocking',
        problem: `There is no publication '${publication}'.`,
        remedy: publicationStatement(
          publication,
          tables.map(({ table }) => table),
        ),
      },
    ];
  const findings = await checkMembers(clients, publication, tables);
  if (row.unsent !== '')
    findings.unshift({
      severity: 'blocking',
      problem: `The publication '${publication}' does not send every kind of change (not: ${row.unsent}).`,
      // Servers before 11 know no truncation, and need none.
      remedy: `ALTER PUBLICATION ${name(publication)} SET (publish = 'insert, update, delete${/truncate/.test(row.unsent) ? ', truncate' : ''}');`,
    });
  return findings;
}

interface Member {
  id: string;
  /** Absent before 15. */
  filter: string | null;
  /** JSON: the columns that are sent. Absent before 15. */
  columns: string | null;
  /** Generated columns can be sent at all: from 18 on. */
  can_generate: string;
}

async function checkMembers(
  clients: Clients,
  publication: string,
  tables: readonly PublishedTable[],
): Promise<Finding[]> {
  const rows = await clients.query<Member>(
    `SELECT schemaname || '.' || tablename AS id, pg_catalog.to_jsonb(t)->>'rowfilter' AS filter,
        (pg_catalog.to_jsonb(t)->'attnames')::text AS columns, (pg_catalog.to_jsonb(p) ? 'pubgencols')::text AS can_generate
      FROM pg_catalog.pg_publication_tables t JOIN pg_catalog.pg_publication p USING (pubname) WHERE pubname = $1`,
    [publication],
  );
  const published = new Map(rows.map((row) => [row.id, row]));
  const generated = await generatedColumns(clients, tables);
  const findings: Finding[] = [];
  for (const { table, columns } of tables) {
    const { relation, leaves } = table;
    const finding = (problem: string, remedy: string) =>
      findings.push({ severity: 'table', table: relation.id, problem, remedy });
    const whole = published.get(relation.id);
    const members = whole ? [whole] : relation.kind === 'p' ? leaves.map((leaf) => published.get(leaf.id)) : [];
    const here = members.filter((member) => member !== undefined);
    const target = qualified(relation.schema, relation.name);
    if (here.length === 0 || here.length < members.length) {
      finding(
        `It is not in the publication '${publication}': its changes are not sent.`,
        `ALTER PUBLICATION ${name(publication)} ADD TABLE ${target};`,
      );
      continue;
    }
    const anew = `ALTER PUBLICATION ${name(publication)} DROP TABLE ${target}; ALTER PUBLICATION ${name(publication)} ADD TABLE ${target};`;
    if (here.some((member) => member.filter !== null))
      finding(`The publication '${publication}' sends some of its rows only (a row filter).`, anew);
    const made = generated.get(relation.oid) ?? new Set();
    const isSent = (member: Member, column: string): boolean =>
      (!made.has(column) || member.can_generate === 'true') &&
      (member.columns === null || (JSON.parse(member.columns) as string[]).includes(column));
    const unsent = columns.filter((column) => !here.every((member) => isSent(member, column)));
    const listed = unsent.filter((column) => !made.has(column));
    if (listed.length > 0)
      finding(
        `The publication '${publication}' does not send its columns ${listed.join(', ')} (a column list).`,
        `${anew} Or leave them out by 'columns' of the stream.`,
      );
    if (unsent.length > listed.length)
      finding(
        `The log does not have its generated columns ${unsent.filter((column) => made.has(column)).join(', ')}.`,
        `Leave them out by 'columns' of the stream; or, from version 18 on, for stored ones: ALTER PUBLICATION ${name(publication)} SET (publish_generated_columns = stored);`,
      );
  }
  return findings;
}

/** By the oids of the tables. */
async function generatedColumns(
  clients: Clients,
  tables: readonly PublishedTable[],
): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  if (tables.length === 0) return found;
  const rows = await clients.query<{ table: string; name: string }>(
    `SELECT a.attrelid::text AS table, a.attname AS name FROM pg_catalog.pg_attribute a
      WHERE a.attrelid IN (${tables.map(({ table }) => table.relation.oid).join(', ')}) AND a.attnum > 0
        AND NOT a.attisdropped AND pg_catalog.to_jsonb(a)->>'attgenerated' IN ('s', 'v')`,
  );
  for (const row of rows) found.set(row.table, (found.get(row.table) ?? new Set()).add(row.name));
  return found;
}

/** Tables whose deletions the log cannot tell: `log` is not offered for them. */
export function checkIdentities(tables: readonly CatalogTable[]): Finding[] {
  return tables.flatMap(({ relation, leaves, primaryKey }): Finding[] => {
    if (primaryKey.length === 0)
      return [
        {
          severity: 'hint',
          table: relation.id,
          problem: 'It has no primary key: its changes cannot be followed, it is read whole by each sync.',
        },
      ];
    const unlogged = leaves.filter((leaf) => !leaf.isLogged);
    if (unlogged.length > 0) return [unloggedFinding(relation, unlogged)];
    const withoutKey = withoutKeyInLog(leaves, primaryKey);
    return withoutKey.length > 0 ? [identityFinding(relation, withoutKey)] : [];
  });
}

function unloggedFinding({ id }: Relation, unlogged: readonly Relation[]): Finding {
  const others = unlogged.map((leaf) => leaf.id).filter((leaf) => leaf !== id);
  const what = others.length > 0 ? `Of it, ${others.slice(0, 5).join(', ')} is UNLOGGED` : 'It is UNLOGGED';
  const statements = unlogged.slice(0, 5).map((leaf) => `ALTER TABLE ${qualified(leaf.schema, leaf.name)} SET LOGGED;`);
  return {
    severity: 'hint',
    table: id,
    problem: `${what}: its changes are in no log and cannot be followed, it is read whole by each sync.`,
    remedy: statements.join(' '),
  };
}

function identityFinding({ id }: Relation, withoutKey: readonly Relation[]): Finding {
  const others = withoutKey.map((leaf) => leaf.id).filter((leaf) => leaf !== id);
  const where = others.length > 0 ? ` of ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', …' : ''}` : '';
  const remedies = withoutKey.slice(0, 5).map((leaf) => {
    const identity = leaf.hasKey ? 'DEFAULT' : 'FULL';
    return `ALTER TABLE ${qualified(leaf.schema, leaf.name)} REPLICA IDENTITY ${identity};`;
  });
  return {
    severity: 'hint',
    table: id,
    problem: `The log does not have the primary key of deleted rows${where} (REPLICA IDENTITY): its changes cannot be followed, it is read whole by each sync.`,
    remedy: remedies.join(' '),
  };
}
