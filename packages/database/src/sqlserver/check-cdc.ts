import type { Finding, ReadingSettings } from '../dialect.js';
import { relationId } from '../keyed/keyed-server.js';
import { retentionFindings } from '../retention.js';
import {
  type CaptureInstance,
  covering,
  DATABASE_STATEMENT,
  disableStatement,
  enableStatement,
  type Instances,
  readInstances,
} from './cdc-instances.js';
import type { FollowedTable } from './cdc-stretches.js';
import { sqlServerError } from './errors.js';
import type { Sessions } from './sessions.js';
import { quoteName } from './sql.js';

/** Editions of Azure, whose capture job no Agent runs. */
const AZURE_DATABASE = '5';
const AZURE_INSTANCE = '8';
/** A time that is raised is raised at least to this: a week. */
const RAISED_HOURS_MIN = 168;
const INSTANCES_MAX = 2;

const EDITION_STATEMENT = "SELECT CONVERT(varchar(10), SERVERPROPERTY('EngineEdition'))";
const AGENT_STATEMENT = "SELECT status_desc FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server Agent%'";
const RIGHT_STATEMENT = "SELECT CONVERT(varchar(1), HAS_PERMS_BY_NAME(N'cdc', 'SCHEMA', 'SELECT'))";
const jobsStatement = (jobs: string): string =>
  `SELECT job_type, CONVERT(varchar(20), retention) FROM ${jobs} WHERE database_id = DB_ID()`;

/** Everything that is missing for following these tables by their change tables, with the statement that mends each. */
export async function checkCdc(
  sessions: Sessions,
  tables: readonly FollowedTable[],
  user: string,
  reading: ReadingSettings,
): Promise<Finding[]> {
  try {
    const [database] = await sessions.query(DATABASE_STATEMENT);
    if (database?.[0] !== '1')
      return [
        {
          severity: 'blocking',
          problem: 'Change data capture is not enabled for the database.',
          remedy: 'EXEC sys.sp_cdc_enable_db;',
        },
        ...tables.flatMap((table) => tableFindings(table, undefined)),
        ...(await serverFindings(sessions, reading)),
      ];
    const [right] = await sessions.query(RIGHT_STATEMENT);
    if (right?.[0] !== '1')
      return [
        {
          severity: 'blocking',
          problem: `The user ${user} may not read the change tables.`,
          remedy: `GRANT SELECT ON SCHEMA::cdc TO ${quoteName(user)};`,
        },
        ...(await serverFindings(sessions, reading)),
      ];
    const instances: Instances = await readInstances(sessions);
    return [
      ...tables.flatMap((table) => tableFindings(table, instances.get(relationId(table.relation)))),
      ...(await serverFindings(sessions, reading)),
    ];
  } catch (error) {
    throw sqlServerError(error, 'Looking at what change data capture needs');
  }
}

function tableFindings(table: FollowedTable, instances: readonly CaptureInstance[] | undefined): Finding[] {
  const { relation, columns } = table;
  const id = relationId(relation);
  if (relation.primaryKey.length === 0)
    return [
      {
        severity: 'hint',
        table: id,
        problem: 'It has no primary key: its changes cannot be followed, it is read whole by each sync.',
      },
    ];
  if (!instances)
    return [
      {
        severity: 'table',
        table: id,
        problem: 'It has no capture instance: its changes are not kept, it is read whole by each sync.',
        remedy: enableStatement(relation),
      },
    ];
  const names = new Set([...columns.map(({ name }) => name), ...relation.primaryKey]);
  const newest = instances.at(-1)!;
  const lacking = [...names].filter((name) => !newest.columns.has(name));
  if (lacking.length > 0 && !covering(instances, [...names])) {
    const enable = enableStatement(
      relation,
      instances.map(({ name }) => name),
    );
    const isFull = instances.length >= INSTANCES_MAX;
    return [
      {
        severity: 'table',
        table: id,
        problem: `No capture instance of it has all of its columns (the newest, '${newest.name}', lacks ${lacking.join(', ')}): it is read whole by each sync, unless these are left out ('columns' of the stream).`,
        remedy: isFull ? `${disableStatement(relation, instances[0]!.name)} ${enable}` : enable,
      },
    ];
  }
  const computed = [...names].filter((name) => newest.computed.has(name));
  if (computed.length === 0) return [];
  return [
    {
      severity: 'hint',
      table: id,
      problem: `Its computed columns (${computed.join(', ')}) are not in the change table: they are null in changes. Leave them out ('columns' of the stream).`,
    },
  ];
}

/** What is said of the server's jobs; what the user may not look at is a hint. */
async function serverFindings(sessions: Sessions, reading: ReadingSettings): Promise<Finding[]> {
  const [row] = await sessions.query(EDITION_STATEMENT);
  const edition = row?.[0] ?? '';
  const findings: Finding[] = [];
  if (edition !== AZURE_DATABASE && edition !== AZURE_INSTANCE) findings.push(...(await agentFindings(sessions)));
  const jobs = edition === AZURE_DATABASE ? 'cdc.cdc_jobs' : 'msdb.dbo.cdc_jobs';
  const kept = await sessions.query(jobsStatement(jobs)).catch(() => undefined);
  if (!kept)
    findings.push({
      severity: 'hint',
      problem: `How long changes are kept cannot be seen (${jobs}): it must be longer than the time between two syncs.`,
      remedy: 'EXEC sys.sp_cdc_help_jobs;',
    });
  const minutes = kept?.find(([type]) => type === 'cleanup')?.[1];
  if (minutes === undefined || minutes === null) return findings;
  const remedy = (hours: number): string =>
    `EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = ${60 * Math.max(hours, RAISED_HOURS_MIN)};`;
  const sentence = 'The clean-up job keeps changes for';
  return [...findings, ...retentionFindings(reading, { hours: Number(minutes) / 60, sentence, remedy })];
}

async function agentFindings(sessions: Sessions): Promise<Finding[]> {
  const services = await sessions.query(AGENT_STATEMENT).catch(() => undefined);
  const status = services?.[0]?.[0];
  if (status === 'Running') return [];
  if (services && services.length > 0)
    return [
      {
        severity: 'blocking',
        problem: `The SQL Server Agent does not run (${status}): nobody brings changes into the change tables.`,
        remedy: 'start the service SQL Server Agent (on Linux: mssql-conf set sqlagent.enabled true, and a restart)',
      },
    ];
  return [
    {
      severity: 'hint',
      problem:
        'Whether the SQL Server Agent runs cannot be seen: without it nobody brings changes into the change tables.',
      remedy: 'GRANT VIEW SERVER STATE to the user, or look at sys.dm_server_services as an administrator',
    },
  ];
}
