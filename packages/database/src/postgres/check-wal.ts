import type { Finding } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { literal, name, qualified } from './sql.js';

/** What makes the slot that the log is read by. */
export function slotStatement(slot: string): string {
  return `SELECT pg_create_logical_replication_slot(${literal(slot)}, 'pgoutput');`;
}

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
    const [server] = await clients.query<{ level: string; replication: boolean | string; keep: string | null }>(
      `SELECT current_setting('wal_level') AS level, (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) AS replication,
        current_setting('max_slot_wal_keep_size', true) AS keep`,
    );
    if (server?.level !== 'logical')
      blocking(
        `wal_level is ${server?.level}: the log does not say which rows change.`,
        "ALTER SYSTEM SET wal_level = 'logical'; and a restart of the server.",
      );
    if (String(server?.replication) !== 't' && server?.replication !== true)
      blocking(`The user ${user} may not read the log.`, `ALTER ROLE ${name(user)} WITH REPLICATION;`);
    const [row] = await clients.query<{ plugin: string; database: string; status: string | null }>(
      `SELECT plugin, database, to_jsonb(s)->>'wal_status' AS status FROM pg_replication_slots s WHERE slot_name = $1`,
      [slot],
    );
    if (!row) blocking(`There is no replication slot '${slot}'.`, slotStatement(slot));
    else if (row.plugin !== 'pgoutput' || row.database !== database)
      blocking(
        `The replication slot '${slot}' is for the plugin ${row.plugin} and the database ${row.database}.`,
        `SELECT pg_drop_replication_slot(${literal(slot)}); ${slotStatement(slot)}`,
      );
    else if (row.status === 'lost')
      blocking(
        `The replication slot '${slot}' is lost: the server has removed what it had to read.`,
        `SELECT pg_drop_replication_slot(${literal(slot)}); ${slotStatement(slot)}`,
      );
    else if (row.status === 'unreserved')
      findings.push({
        severity: 'hint',
        problem: `The replication slot '${slot}' is about to be lost: it is further behind than max_slot_wal_keep_size allows.`,
        remedy: 'Sync now, or raise max_slot_wal_keep_size.',
      });
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
