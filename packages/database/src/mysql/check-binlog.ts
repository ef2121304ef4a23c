import { ConnectorError } from '@tidemark/source';
import type { Finding, Table } from '../dialect.js';
import { tableId } from '../table-id.js';
import type { Clients } from './clients.js';
import { isStatementError, mysqlError } from './errors.js';
import { quoteText } from './sql.js';

/** Two days: less, and a weekend without a sync may cost a load. */
const RETENTION_SECONDS = 172_800;

/** Everything that is missing for reading the binlog, with the statement that mends each. */
export async function checkBinlog(clients: Clients, tables: readonly Table[]): Promise<Finding[]> {
  const settings = await variables(clients);
  const findings = [...missingSettings(settings), ...costlySettings(settings)];
  const right = await missingRight(clients);
  if (right !== undefined) findings.push(right);
  for (const table of tables.filter(({ primaryKey }) => primaryKey.length === 0))
    findings.push({
      severity: 'hint',
      table: tableId(table),
      problem: 'It has no primary key: its changes cannot be followed, it is read whole by each sync.',
    });
  return findings;
}

/**
 * What the binlog must have for its changes to be whole. Throws ConnectorError (config) with everything that is missing. True
 * when it names the columns of the rows, too.
 */
export async function refuseHalfBinlog(clients: Clients): Promise<boolean> {
  const settings = await variables(clients);
  const missing = missingSettings(settings);
  if (missing.length === 0) return settings.get('binlog_row_metadata') === 'FULL';
  const said = missing.map(({ problem, remedy }) => `${problem} Mend it with: ${remedy}`).join(' ');
  throw new ConnectorError(
    'config',
    `The binlog does not have every change whole: ${said} Then load the tables again: what was changed meanwhile may be missing in the log.`,
  );
}

/** Without these a change is not in the log, or not whole, or cannot be read. */
function missingSettings(settings: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  const say = (problem: string, remedy: string) => findings.push({ severity: 'blocking', problem, remedy });
  if (settings.get('log_bin') !== 'ON')
    say(
      'The server writes no binlog (log_bin is OFF).',
      'log_bin = binlog in the server’s configuration, and a restart',
    );
  if (settings.get('binlog_format') !== 'ROW')
    say(`binlog_format is ${settings.get('binlog_format')}, and rows are needed.`, "SET GLOBAL binlog_format = 'ROW';");
  if (settings.get('binlog_row_image') !== 'FULL')
    say(
      `binlog_row_image is ${settings.get('binlog_row_image')}: changes do not have all columns.`,
      "SET GLOBAL binlog_row_image = 'FULL';",
    );
  if (settings.get('binlog_transaction_compression') === 'ON')
    say(
      'Compressed transactions cannot be read (binlog_transaction_compression is ON).',
      'SET GLOBAL binlog_transaction_compression = OFF;',
    );
  if (settings.get('binlog_row_value_options') === 'PARTIAL_JSON')
    say(
      'Changes of JSON values are not whole (binlog_row_value_options is PARTIAL_JSON).',
      "SET GLOBAL binlog_row_value_options = '';",
    );
  return findings;
}

/** With these it works, badly. */
function costlySettings(settings: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  const say = (problem: string, remedy: string) => findings.push({ severity: 'hint', problem, remedy });
  if (settings.has('binlog_row_metadata') && settings.get('binlog_row_metadata') !== 'FULL')
    say(
      `binlog_row_metadata is ${settings.get('binlog_row_metadata')}: after an ALTER TABLE the columns of a change may be unknown, and its table has to be loaded again.`,
      "SET GLOBAL binlog_row_metadata = 'FULL';",
    );
  if (settings.get('gtid_mode') === 'OFF')
    say(
      'The server writes no GTIDs: after a failover the tables have to be loaded again.',
      'gtid_mode = ON and enforce_gtid_consistency = ON',
    );
  const kept = Number(
    settings.get('binlog_expire_logs_seconds') ?? Number(settings.get('expire_logs_days') ?? 0) * 86_400,
  );
  if (kept > 0 && kept < RETENTION_SECONDS)
    say(
      `The binlog is kept for ${Math.round(kept / 3600)} hours only: a sync that comes later has to load the tables again.`,
      'SET GLOBAL binlog_expire_logs_seconds = 604800;',
    );
  return findings;
}

async function variables(clients: Clients): Promise<Map<string, string>> {
  const names = [
    'log_bin',
    'binlog_format',
    'binlog_row_image',
    'binlog_row_metadata',
    'binlog_transaction_compression',
    'binlog_row_value_options',
    'gtid_mode',
    'binlog_expire_logs_seconds',
    'expire_logs_days',
  ];
  try {
    const rows = await clients.query(
      `SHOW GLOBAL VARIABLES WHERE variable_name IN (${names.map(quoteText).join(', ')})`,
    );
    return new Map(rows.map(([name, value]) => [name!.toLowerCase(), (value ?? '').toUpperCase()]));
  } catch (error) {
    throw mysqlError(error, 'Looking at the binlog’s settings');
  }
}

async function missingRight(clients: Clients): Promise<Finding | undefined> {
  try {
    const rows = await clients.query('SHOW GRANTS');
    const grants = rows.map(([grant]) => grant ?? '').join('\n');
    const all = /GRANT ALL PRIVILEGES ON \*\.\*/.test(grants);
    const replica = /REPLICATION SLAVE|REPLICATION REPLICA/.test(grants);
    const client = /REPLICATION CLIENT|BINLOG MONITOR/.test(grants);
    if (all || (replica && client)) return undefined;
    const missing = [...(replica ? [] : ['REPLICATION SLAVE']), ...(client ? [] : ['REPLICATION CLIENT'])].join(', ');
    return {
      severity: 'blocking',
      problem: `The user ${clients.config.user} lacks ${missing}.`,
      remedy: `GRANT ${missing} ON *.* TO ${quoteText(clients.config.user)}@'%';`,
    };
  } catch (error) {
    if (isStatementError(error)) return undefined;
    throw mysqlError(error, 'Looking at the rights');
  }
}
