import type { Finding } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import { checkSlot } from './check-slot.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { name, qualified } from './sql.js';

/** What makes the publication of these tables. */
export function publicationStatement(publication: string, tables: readonly CatalogTable[]): string {
  const list = tables.map(({ relation }) => qualified(relation.schema, relation.name)).join(', ');
  const isParted = tables.some(({ relation }) => relation.kind === 'p');
  return `CREATE PUBLICATION ${name(publication)} FOR TABLE ${list}${isParted ? ' WITH (publish_via_partition_root = true)' : ''};`;
}

/** Everything that is missing for reading the log, with the statement that mends each. */
export async function checkWal(
  clients: Clients,
  { slot, publication, user, database }: { slot: string; publication: string; user: string; database: string },
  tables: readonly CatalogTable[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const blocking = (problem: string, remedy: string) => findings.push({ severity: 'blocking', problem, remedy });
  try {
    const [server] = await clients.query<{ level: string; replication: boolean | string }>(
      `SELECT current_setting('wal_level') AS level, (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) AS replication`,
    );
    if (server?.level !== 'logical')
      blocking(
        `wal_level is ${server?.level}: the log does not say which rows change.`,
        "ALTER SYSTEM SET wal_level = 'logical'; and a restart of the server.",
      );
    if (String(server?.replication) !== 't' && server?.replication !== true)
      blocking(`The user ${user} may not read the log.`, `ALTER ROLE ${name(user)} WITH REPLICATION;`);
    findings.push(...(await checkSlot(clients, slot, database)));
    await checkPublication(clients, publication, tables, findings);
  } catch (error) {
    throw postgresError(error, 'Looking at what the log needs');
  }
  for (const { relation } of tables.filter((table) => table.primaryKey.length === 0))
    findings.push({
      severity: 'hint',
      table: relation.id,
      problem: 'It has no primary key: its changes cannot be followed, it is read whole by each sync.',
    });
  return findings;
}

async function checkPublication(
  clients: Clients,
  publication: string,
  tables: readonly CatalogTable[],
  findings: Finding[],
): Promise<void> {
  const wanted = tables.filter((table) => table.primaryKey.length > 0);
  const [row] = await clients.query<{ via: string; all: string }>(
    `SELECT to_jsonb(p)->>'pubviaroot' AS via, puballtables::text AS all FROM pg_publication p WHERE pubname = $1`,
    [publication],
  );
  if (!row) {
    const remedy = publicationStatement(publication, wanted);
    findings.push({ severity: 'blocking', problem: `There is no publication '${publication}'.`, remedy });
    return;
  }
  const published = new Set(
    (
      await clients.query<{ id: string }>(
        "SELECT schemaname || '.' || tablename AS id FROM pg_publication_tables WHERE pubname = $1",
        [publication],
      )
    ).map(({ id }) => id),
  );
  for (const { relation, leaves } of wanted) {
    if (published.has(relation.id) || (relation.kind === 'p' && leaves.every((leaf) => published.has(leaf.id))))
      continue;
    findings.push({
      severity: 'table',
      table: relation.id,
      problem: `It is not in the publication '${publication}': its changes are not sent.`,
      remedy: `ALTER PUBLICATION ${name(publication)} ADD TABLE ${qualified(relation.schema, relation.name)};`,
    });
  }
}
