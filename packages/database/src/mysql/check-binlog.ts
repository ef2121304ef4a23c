import { ConnectorError } from '@tidemark/source';
import type { Finding, ReadingSettings, Table } from '../dialect.js';
import { retentionFindings } from '../retention.js';
import { tableId } from '../table-id.js';
import type { Clients } from './clients.js';
import { isStatementError, mysqlError } from './errors.js';
import { silentKeyFindings } from './silent-keys.js';
import { quoteText } from './sql.js';

/** A time that is raised is raised at least to this: a week. */
const RAISED_HOURS_MIN = 168;

/** Everything that is missing for reading the binlog, with the statement that mends each. */
export async function checkBinlog(
  clients: Clients,
  tables: readonly Table[],
  reading: ReadingSettings,
): Promise<Finding[]> {
  const settings = await variables(clients);
  const findings = [...missingSettings(settings), ...costlySettings(settings), ...retention(settings, reading)];
  const right = await missingRight(clients);
  if (right !== undefined) findings.push(right);
  for (const table of tables.filter(({ primaryKey }) => primaryKey.length === 0))
    findings.push({
      severity: 'hint',
      table: tableId(table),
      problem: 'It has no primary key: its changes cannot be followed, it is read whole by each sync.',
    });
  findings.push(...(await silentKeyFindings(clients, tables)));
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
  return findings;
}

/** How long the server keeps its binlog. Seconds win over days, which older servers have alone; 0 of both keeps it for ever. */
function retention(settings: ReadonlyMap<string, string>, reading: ReadingSettings): Finding[] {
  if (settings.get('binlog_expire_logs_auto_purge') === 'OFF') return [];
  const seconds = Number(settings.get('binlog_expire_logs_seconds') ?? 0);
  const days = Number(settings.get('expire_logs_days') ?? 0);
  if (seconds <= 0 && days <= 0) return [];
  return retentionFindings(reading, {
    hours: seconds > 0 ? seconds / 3600 : days * 24,
    sentence: `The server keeps its binlog (${seconds > 0 ? 'binlog_expire_logs_seconds' : 'expire_logs_days'}) for`,
    remedy: (wanted) => {
      const hours = Math.max(wanted, RAISED_HOURS_MIN);
      // MySQL refuses to have both set.
      return seconds > 0
        ? `SET GLOBAL binlog_expire_logs_seconds = ${hours * 3600};`
        : `SET GLOBAL expire_logs_days = ${Math.ceil(hours / 24)};`;
    },
  });
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
    'binlog_expire_logs_auto_purge',
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
