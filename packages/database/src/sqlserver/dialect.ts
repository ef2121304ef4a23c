import type { JsonObject } from '@tidemark/protocol';
import type { RunContext } from '@tidemark/source';
import type { Database, Dialect, Finding, ReadingSettings, TableWish } from '../dialect.js';
import { type KeyedRelation, type KeyedServer, type KeyForm, relationId } from '../keyed/keyed-server.js';
import { keyedTables } from '../keyed/keyed-table.js';
import { LongStatements } from '../long-statements.js';
import { routeTo } from '../route.js';
import { SpoolSpace } from '../spool/spool-space.js';
import { readCatalog } from './catalog.js';
import { CdcLog } from './cdc-log.js';
import { LOG_COLUMNS, LOG_CURSOR } from './cdc-records.js';
import { parseSqlServerConfig, SQLSERVER_CONNECTION_SCHEMA } from './config.js';
import { isWorthAnotherTry, sqlServerError } from './errors.js';
import { spaceOf } from './key-spaces.js';
import { type Sessions, tediousSessions } from './sessions.js';
import { equalTexts, keyLiteral, quoteName, quoteText } from './sql.js';
import type { SqlServerColumn } from './types.js';
import { wholeTable } from './whole-table.js';

const CURSOR_FORMS: ReadonlySet<KeyForm> = new Set(['number', 'text', 'date', 'datetime', 'time', 'binary']);
const LOOKBACK_FORMS: ReadonlySet<KeyForm> = new Set(['number', 'datetime']);

/** SQL Server 2016 and later. No real server has been met: see docs/dialects/sqlserver.md. */
export const sqlserver: Dialect = {
  name: 'sqlserver',
  title: 'SQL Server',
  schemes: ['sqlserver', 'mssql'],
  connectionSchema: SQLSERVER_CONNECTION_SCHEMA,
  async open(config: JsonObject, settings: ReadingSettings, context: RunContext): Promise<Database> {
    const parsed = parseSqlServerConfig(config);
    context.addSecret(parsed.password);
    const warn = (message: string): void => context.log('WARN', message);
    if (settings.snapshot) warn("SQL Server cannot share a snapshot between sessions: 'snapshot' has no effect.");
    const long = new LongStatements(context.alive, settings.statement_timeout_seconds);
    return sqlServerDatabase(
      tediousSessions(parsed, settings, await routeTo(parsed, context), long),
      settings,
      parsed.user,
      warn,
    );
  },
};

/** The database behind some sessions; a test gives its own. */
export function sqlServerDatabase(
  sessions: Sessions,
  settings: ReadingSettings,
  user: string,
  warn: (message: string) => void,
): Database {
  const server = sqlServer(sessions, settings, new SpoolSpace(settings, warn));
  const forms = { cursorForms: CURSOR_FORMS, lookbackForms: LOOKBACK_FORMS };
  let relations: KeyedRelation<SqlServerColumn>[] = [];
  let wished: readonly TableWish[] | undefined;
  const cdc = new CdcLog({ sessions, server, settings, user, relations: () => relations, wishes: () => wished, warn });
  return {
    async tables(wishes) {
      wished = wishes;
      relations = await readCatalog(sessions, settings, wishes);
      const isFollowed = settings.method === 'log' || wishes?.some(({ method }) => method === 'log');
      const log = { columns: LOG_COLUMNS, cursor: LOG_CURSOR, has: isFollowed ? await cdc.captured() : () => true };
      return keyedTables({ server, ...forms, warn, log }, relations, wishes);
    },
    log: () => cdc,
    check: () => check(sessions, relations, user),
    close: () => sessions.close(),
  };
}

/** How statements of SQL Server are written and run. */
function sqlServer(sessions: Sessions, settings: ReadingSettings, spool: SpoolSpace): KeyedServer<SqlServerColumn> {
  return {
    settings,
    quote: quoteName,
    selected: (column) => column.textOf(quoteName(column.name)),
    selectedKey: (column) => column.textOf(quoteName(column.name)),
    literal: keyLiteral,
    equal: equalTexts,
    select: (list, from, where, order, limit) =>
      `SELECT TOP (${limit}) ${list} FROM ${from}${where === undefined ? '' : ` WHERE ${where}`} ORDER BY ${order}`,
    below: (literal, { keyForm }, amount) =>
      keyForm === 'number' ? `${literal} - ${amount}` : `DATEADD(second, -${amount}, ${literal})`,
    query: (sql) => sessions.query(sql),
    probe: (sql) => sessions.query(sql),
    spaceOf,
    async session() {
      const session = await sessions.take();
      return {
        fetch: (sql, _columns, _places, bytesMax) => session.fetch(sql, bytesMax),
        release: (isBroken) => session.release(isBroken),
      };
    },
    stream: (sql, columns, signal, doing) => wholeTable({ sessions, settings, spool, columns, signal, doing }, sql),
    error: sqlServerError,
    isWorthAnotherTry,
  };
}

async function check(
  sessions: Sessions,
  relations: readonly KeyedRelation<SqlServerColumn>[],
  user: string,
): Promise<Finding[]> {
  if (relations.length === 0)
    return [
      {
        severity: 'blocking',
        problem: `The user ${user} sees no table.`,
        remedy: `GRANT SELECT TO ${quoteName(user)};`,
      },
    ];
  const findings: Finding[] = [];
  for (const relation of relations) {
    const name = `${quoteName(relation.schema)}.${quoteName(relation.name)}`;
    const [row] = await sessions.query(
      `SELECT CONVERT(varchar(1), HAS_PERMS_BY_NAME(${quoteText(name)}, 'OBJECT', 'SELECT'))`,
    );
    if (row?.[0] !== '1')
      findings.push({
        severity: 'table',
        table: relationId(relation),
        problem: `The user ${user} may not select from it.`,
        remedy: `GRANT SELECT ON ${name} TO ${quoteName(user)};`,
      });
    else if (relation.notResumable !== undefined)
      findings.push({
        severity: 'hint',
        table: relationId(relation),
        problem: `A load that is broken off begins anew: ${relation.notResumable}.`,
      });
  }
  return findings;
}
