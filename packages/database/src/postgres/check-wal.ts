import type { Finding, ReadingSettings } from '../dialect.js';
import { checkIdentities, checkPublication, type PublishedTable } from './check-publication.js';
import { checkSlot } from './check-slot.js';
import type { Clients } from './clients.js';
import { postgresError } from './errors.js';
import { withoutKeyInLog } from './relation.js';
import { name } from './sql.js';
import { grantStatistics, maySeeSessions } from './statements.js';

/** Everything that is missing for reading the log, with the statement that mends each. */
export async function checkWal(
  clients: Clients,
  { slot, publication, user, database }: { slot: string; publication: string; user: string; database: string },
  tables: readonly PublishedTable[],
  reading: ReadingSettings,
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
    findings.push(...(await checkSlot(clients, slot, database, reading)));
    findings.push(...(await checkSenders(clients, slot)));
    const keyed = tables.filter(
      ({ table: { primaryKey, leaves } }) =>
        primaryKey.length > 0 &&
        withoutKeyInLog(leaves, primaryKey).length === 0 &&
        leaves.every((leaf) => leaf.isLogged),
    );
    findings.push(...(await checkPublication(clients, publication, keyed)));
  } catch (error) {
    throw postgresError(error, 'Looking at what the log needs');
  }
  return [...findings, ...checkIdentities(tables.map(({ table }) => table))];
}

/** The log takes one of the server's senders while it is read; commits that wait for a standby have to be seen. */
async function checkSenders(clients: Clients, slot: string): Promise<Finding[]> {
  const [row] = await clients.query<Senders>(SENDERS, [slot]);
  const findings: Finding[] = [];
  const { most, used, active, waits, sees, role } = row!;
  if (Number(used) >= Number(most) && active !== 'true')
    findings.push({
      severity: 'blocking',
      problem: `All ${most} senders of the log are taken (max_wal_senders): none is left to read it by.`,
      remedy: `ALTER SYSTEM SET max_wal_senders = ${Number(used) + 5}; and a restart of the server, or end a reader that nobody needs (pg_stat_replication).`,
    });
  if (waits === 'true' && sees !== 'true')
    findings.push({
      severity: 'hint',
      problem: `The user ${role} does not see which commits wait for a standby (synchronous_standby_names): a load that begins meanwhile may miss them.`,
      remedy: grantStatistics(role),
    });
  return findings;
}

interface Senders {
  most: string;
  used: string;
  active: string | null;
  waits: string;
  sees: string;
  role: string;
}

const SENDERS = `SELECT current_setting('max_wal_senders') AS most,
    (SELECT count(*) FROM pg_stat_replication)::text AS used,
    (SELECT active::text FROM pg_replication_slots WHERE slot_name = $1) AS active,
    (current_setting('synchronous_standby_names') <> '')::text AS waits, ${maySeeSessions}::text AS sees, current_user AS role`;
