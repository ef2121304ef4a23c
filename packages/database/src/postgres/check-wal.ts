import type { Finding } from '../dialect.js';
import { checkIdentities, checkPublication, type PublishedTable } from './check-publication.js';
import { checkSlot } from './check-slot.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { name } from './sql.js';

/** Everything that is missing for reading the log, with the statement that mends each. */
export async function checkWal(
  clients: Clients,
  { slot, publication, user, database }: { slot: string; publication: string; user: string; database: string },
  tables: readonly PublishedTable[],
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
    const keyed = tables.filter(({ table }) => table.primaryKey.length > 0);
    findings.push(...(await checkPublication(clients, publication, keyed)));
  } catch (error) {
    throw postgresError(error, 'Looking at what the log needs');
  }
  return [...findings, ...checkIdentities(tables.map(({ table }) => table))];
}
