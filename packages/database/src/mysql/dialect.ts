import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RunContext } from '@tidemark/source';
import type { Column } from '../column.js';
import type {
  Database,
  Dialect,
  Finding,
  Follow,
  FollowKind,
  ReadingSettings,
  Table,
  TableLoad,
  TableWish,
} from '../dialect.js';
import { KeyedFollow } from '../keyed/keyed-follow.js';
import { KeyedLoad, wholeLoad } from '../keyed/keyed-load.js';
import { type KeyedRelation, type KeyForm, relationId } from '../keyed/keyed-server.js';
import type { ChangeLog } from '../log/change-log.js';
import { logColumns } from '../log/log-columns.js';
import { routeTo } from '../route.js';
import { BinlogLog } from './binlog-log.js';
import { readCatalog } from './catalog.js';
import { checkTables } from './check.js';
import { Clients } from './clients.js';
import { MYSQL_CONNECTION_SCHEMA, parseMysqlConfig } from './config.js';
import { mysqlServer } from './server.js';
import type { MysqlColumn } from './types.js';

/** Columns of these kinds can be followed: their values are compared exactly. */
const CURSOR_FORMS: ReadonlySet<KeyForm> = new Set(['number', 'text', 'date', 'datetime', 'time']);
/** Kinds that a look-back can be taken from. */
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
      const clients = new Clients(parsed, settings, await routeTo(parsed, context));
      return new MysqlDatabase(clients, settings, (message) => context.log('WARN', message));
    },
  };
}

class MysqlDatabase implements Database {
  private relations: KeyedRelation<MysqlColumn>[] = [];

  constructor(
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly warn: (message: string) => void,
  ) {}

  async tables(wishes: readonly TableWish[] | undefined): Promise<Table[]> {
    this.relations = await readCatalog(this.clients, this.settings, wishes);
    return this.relations.map((relation) => {
      const wish = wishes?.find(
        (each) => each.name === relation.name && (each.namespace ?? relation.schema) === relation.schema,
      );
      return new MysqlTable(this.clients, this.settings, relation, wish, this.warn);
    });
  }

  log(): ChangeLog {
    const { clients, settings, warn } = this;
    return new BinlogLog({ clients, settings, relations: () => this.relations, warn });
  }

  check(): Promise<Finding[]> {
    return checkTables(this.clients, this.settings, this.relations);
  }

  close(): Promise<void> {
    return this.clients.close();
  }
}

class MysqlTable implements Table {
  readonly name: string;
  readonly namespace: string;
  readonly columns: readonly MysqlColumn[];
  readonly primaryKey: readonly string[];
  readonly isResumable: boolean;
  readonly notResumable?: string;
  readonly follows: readonly FollowKind[];
  readonly cursorColumns: readonly string[];
  readonly extraColumns = LOG_COLUMNS;
  readonly logCursor = '_ab_cdc_cursor';

  constructor(
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly relation: KeyedRelation<MysqlColumn>,
    private readonly wish: TableWish | undefined,
    private readonly warn: (message: string) => void,
  ) {
    this.name = relation.name;
    this.namespace = relation.schema;
    this.columns = relation.columns;
    this.primaryKey = relation.primaryKey;
    this.isResumable = relation.order.length > 0;
    if (relation.notResumable !== undefined) this.notResumable = relation.notResumable;
    this.cursorColumns = this.columns.filter(canFollow).map((column) => column.name);
    // Without a key nobody could say which row a change is about.
    const canLog = relation.primaryKey.length > 0 && this.isResumable;
    this.follows = [...(this.cursorColumns.length > 0 ? ['cursor' as const] : []), ...(canLog ? ['log' as const] : [])];
  }

  load(columns: readonly Column[]): TableLoad {
    const reading = this.reading(columns);
    return this.isResumable ? new KeyedLoad(reading) : wholeLoad(reading);
  }

  follow(kind: FollowKind, columns: readonly Column[], cursor?: string): Follow {
    const id = relationId(this.relation);
    if (kind !== 'cursor')
      throw new ConnectorError('config', `${id} cannot be followed by '${kind}' (it can: ${this.follows.join(', ')}).`);
    const column = this.columns.find((each) => each.name === cursor);
    if (!column || !canFollow(column)) {
      const possible = this.columns.filter(canFollow).map((each) => each.name);
      throw new ConnectorError(
        'config',
        `${id}: '${cursor}' cannot be its cursor column (possible: ${possible.join(', ') || 'none'}).`,
      );
    }
    const lookback = this.wish?.lookback ?? 0;
    if (lookback > 0 && !LOOKBACK_FORMS.has(column.keyForm!))
      throw new ConnectorError('config', `${id}: the cursor column '${cursor}' (${column.type}) takes no 'lookback'.`);
    return new KeyedFollow(this.reading(columns), column, lookback, this.warn);
  }

  private reading(columns: readonly Column[]) {
    const { relation } = this;
    return { server: mysqlServer(this.clients, this.settings), relation, columns: columns as readonly MysqlColumn[] };
  }
}

function canFollow({ keyForm }: MysqlColumn): boolean {
  return keyForm !== undefined && CURSOR_FORMS.has(keyForm);
}
