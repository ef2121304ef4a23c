import type { JsonObject } from '@tidemark/protocol';
import type { RunContext } from '@tidemark/source';
import type { Database, Dialect, Finding, ReadingSettings, Table, TableWish } from '../dialect.js';
import type { KeyedRelation, KeyForm } from '../keyed/keyed-server.js';
import { type KeyedTables, keyedTables } from '../keyed/keyed-table.js';
import type { ChangeLog } from '../log/change-log.js';
import { logColumns } from '../log/log-columns.js';
import { LongStatements } from '../long-statements.js';
import { routeTo } from '../route.js';
import { SpoolSpace } from '../spool/spool-space.js';
import { BinlogLog } from './binlog-log.js';
import { readCatalog } from './catalog.js';
import { checkTables } from './check.js';
import { Clients } from './clients.js';
import { MYSQL_CONNECTION_SCHEMA, parseMysqlConfig } from './config.js';
import { mysqlServer } from './server.js';
import { shapeOf } from './shape.js';
import { quoteName, quoteText } from './sql.js';
import type { MysqlColumn } from './types.js';

/** Columns of these kinds can be followed: their values are compared exactly. */
const CURSOR_FORMS: ReadonlySet<KeyForm> = new Set(['number', 'text', 'date', 'datetime', 'time']);
const LOOKBACK_FORMS: ReadonlySet<KeyForm> = new Set(['number', 'date', 'datetime']);
const LOG_COLUMNS = logColumns({
  _ab_cdc_log_file: 'string',
  _ab_cdc_log_pos: 'integer',
  _ab_cdc_cursor: 'integer',
  _ab_cdc_updated_at: 'string',
  _ab_cdc_deleted_at: 'string',
});

/** MySQL 5.7 and later. */
export const mysql: Dialect = dialect('mysql', 'MySQL', ['mysql']);
/** MariaDB 10.2 and later: the same statements, some types of its own. */
export const mariadb: Dialect = dialect('mariadb', 'MariaDB', ['mariadb']);

function dialect(name: 'mysql' | 'mariadb', title: string, schemes: string[]): Dialect {
  return {
    name,
    title,
    schemes,
    connectionSchema: { ...MYSQL_CONNECTION_SCHEMA, title },
    async open(config: JsonObject, settings: ReadingSettings, context: RunContext): Promise<Database> {
      const parsed = parseMysqlConfig(config);
      if (parsed.password !== undefined) context.addSecret(parsed.password);
      if (settings.snapshot)
        context.log('WARN', `${title} cannot share a snapshot between sessions: 'snapshot' has no effect.`);
      const long = new LongStatements(context.alive, settings.statement_timeout_seconds);
      const clients = new Clients(parsed, settings, await routeTo(parsed, context), long);
      return new MysqlDatabase(clients, settings, (message) => context.log('WARN', message));
    },
  };
}

class MysqlDatabase implements Database {
  private relations: KeyedRelation<MysqlColumn>[] = [];
  private readonly shared: KeyedTables<MysqlColumn>;

  constructor(
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly warn: (message: string) => void,
  ) {
    const server = mysqlServer(clients, settings, new SpoolSpace(settings, warn));
    const log = { columns: LOG_COLUMNS, cursor: '_ab_cdc_cursor', shape: shapeOf };
    this.shared = { server, cursorForms: CURSOR_FORMS, lookbackForms: LOOKBACK_FORMS, warn, log };
  }

  async tables(wishes: readonly TableWish[] | undefined): Promise<Table[]> {
    this.relations = await readCatalog(this.clients, this.settings, wishes);
    return keyedTables(this.shared, this.relations, wishes);
  }

  log(): ChangeLog {
    const { clients, settings, warn } = this;
    return new BinlogLog({ clients, settings, relations: () => this.relations, warn });
  }

  grant({ name, namespace }: TableWish): string {
    const { database, user } = this.clients.config;
    const schema = namespace ?? this.settings.schemas[0] ?? database;
    return `GRANT SELECT ON ${quoteName(schema)}.${quoteName(name)} TO ${quoteText(user)}@'%';`;
  }

  check(): Promise<Finding[]> {
    return checkTables(this.clients, this.settings, this.relations);
  }

  close(): Promise<void> {
    return this.clients.close();
  }
}
