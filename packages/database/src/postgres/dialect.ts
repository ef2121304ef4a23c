import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RunContext, type StreamEstimate } from '@tidemark/source';
import type { Column } from '../column.js';
import type { Database, Dialect, Finding, Follow, FollowKind, ReadingSettings, Table, TableWish } from '../dialect.js';
import type { ChangeLog } from '../log/change-log.js';
import { logColumns } from '../log/log-columns.js';
import type { TableShape } from '../log/table-shape.js';
import { LongStatements } from '../long-statements.js';
import { routeTo } from '../route.js';
import { SpoolSpace } from '../spool/spool-space.js';
import { type CatalogTable, readCatalog } from './catalog.js';
import { checkTables, nothingToRead, sessionsHidden } from './check.js';
import { Clients } from './clients.js';
import { POSTGRES_CONNECTION_SCHEMA, type PostgresConfig, parsePostgresConfig } from './config.js';
import { CursorFollow } from './cursor-follow.js';
import { canBeCursor, isTime } from './cursor-values.js';
import { postgresError } from './errors.js';
import { PostgresLoad, type Server } from './load.js';
import { withoutKeyInLog } from './relation.js';
import { Snapshot } from './snapshot.js';
import { maySeeSessions } from './statements.js';
import type { PostgresColumn } from './types.js';
import { WalLog } from './wal-log.js';
import { XminFollow } from './xmin-follow.js';

/** Row addresses can be read by ranges from this version on. */
const TID_RANGES_SINCE = 140_000;

const LOG_COLUMNS = logColumns({
  _ab_cdc_lsn: 'integer',
  _ab_cdc_cursor: 'string',
  _ab_cdc_updated_at: 'string',
  _ab_cdc_deleted_at: 'string',
});

/** PostgreSQL 10 and later. */
export const postgres: Dialect = {
  name: 'postgres',
  title: 'PostgreSQL',
  schemes: ['postgres', 'postgresql'],
  connectionSchema: POSTGRES_CONNECTION_SCHEMA,
  async open(config: JsonObject, settings: ReadingSettings, context: RunContext): Promise<Database> {
    const parsed = parsePostgresConfig(config);
    if (parsed.password !== undefined) context.addSecret(parsed.password);
    const long = new LongStatements(context.alive, settings.statement_timeout_seconds);
    const clients = new Clients(parsed, settings, await routeTo(parsed, context), long);
    return new PostgresDatabase(parsed, clients, settings, (message) => context.log('WARN', message));
  },
};

class PostgresDatabase implements Database {
  private readonly snapshot: Snapshot | undefined;
  private readonly schemas: readonly string[];
  private readonly spool: SpoolSpace;
  private known: PostgresTable[] = [];

  constructor(
    private readonly config: PostgresConfig,
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly warn: (message: string) => void,
  ) {
    this.spool = new SpoolSpace(settings, warn);
    this.snapshot = settings.snapshot ? new Snapshot(clients) : undefined;
    this.schemas = config.schemas ?? settings.schemas;
  }

  async tables(wishes: readonly TableWish[] | undefined): Promise<Table[]> {
    try {
      const [row] = await this.clients.query<{ server_version_num: string }>('SHOW server_version_num');
      const tidRanges = Number(row?.server_version_num) >= TID_RANGES_SINCE;
      const server: Server = {
        clients: this.clients,
        settings: this.settings,
        spool: this.spool,
        snapshot: this.snapshot,
        user: this.config.user,
        tidRanges,
        warn: this.warn,
      };
      const tables = await readCatalog(this.clients, this.schemas, wishes);
      this.known = tables.map((table) => {
        const { schema, name } = table.relation;
        const wish =
          wishes?.find((each) => each.name === name && each.namespace === schema) ??
          wishes?.find((each) => each.name === name && each.namespace === undefined);
        return new PostgresTable(server, table, wish);
      });
      return this.known;
    } catch (error) {
      throw postgresError(error, 'Reading the catalog of the database');
    }
  }

  log(): ChangeLog {
    const { config, clients, settings, warn } = this;
    const { slot, publication } = config;
    return new WalLog({
      config,
      clients,
      settings,
      slot,
      publication,
      warn,
      tables: () => this.known.map(({ catalog }) => catalog),
      isChosen: (table, column) => this.known.find(({ catalog }) => catalog === table)?.isChosen(column) ?? true,
    });
  }

  async check(): Promise<Finding[]> {
    const { user } = this.config;
    if (this.known.length === 0) return [nothingToRead(this.schemas, user)];
    const findings = checkTables(
      this.known.map((table) => table.catalog),
      user,
    );
    const byTime = this.known.filter((table) => table.mayFollowTimes(this.settings));
    return byTime.length > 0 ? [...findings, ...(await this.checkSessions(byTime.length))] : findings;
  }

  private async checkSessions(tables: number): Promise<Finding[]> {
    try {
      const [row] = await this.clients.query<{ sees: string; role: string }>(
        `SELECT ${maySeeSessions}::text AS sees, current_user AS role`,
      );
      return row?.sees === 'true' ? [] : [sessionsHidden(row!.role, tables)];
    } catch (error) {
      throw postgresError(error, 'Looking at the rights of the user');
    }
  }

  async close(): Promise<void> {
    await this.snapshot?.close();
    await this.clients.close();
  }
}

class PostgresTable implements Table {
  readonly name: string;
  readonly namespace: string;
  readonly shape: TableShape;
  readonly columns: readonly PostgresColumn[];
  readonly primaryKey: readonly string[];
  readonly isResumable: boolean;
  readonly notResumable?: string;
  readonly follows: readonly FollowKind[];
  readonly cursorColumns: readonly string[];
  readonly extraColumns = LOG_COLUMNS;
  readonly logCursor = '_ab_cdc_cursor';

  constructor(
    private readonly server: Server,
    readonly catalog: CatalogTable,
    private readonly wish: TableWish | undefined,
  ) {
    const { relation, columns, primaryKey, leaves } = catalog;
    this.name = relation.name;
    this.namespace = relation.schema;
    this.shape = catalog.shape;
    this.columns = columns;
    this.primaryKey = primaryKey;
    const whole = leaves.filter((leaf) => leaf.filenode === undefined);
    const byKey = wish?.order !== undefined || (primaryKey.length > 0 && leaves.some((leaf) => !leaf.mayRead));
    this.isResumable = byKey || (whole.length === 0 && leaves.every((leaf) => leaf.mayRead));
    if (!this.isResumable) this.notResumable = 'it is a view or a foreign table; declare an order of unique columns';
    const hasAddresses = leaves.length > 0 && whole.length === 0;
    this.cursorColumns = columns
      .filter((each) => canBeCursor(each.base) && (catalog.indexed.has(each.name) || wish?.scan))
      .map((each) => each.name);
    const canFollow = hasAddresses || primaryKey.length > 0 || wish?.order !== undefined;
    this.follows = [
      ...(canFollow ? (['cursor'] as const) : []),
      ...(hasAddresses ? (['xmin'] as const) : []),
      // Without a key nobody could say which row a change is about.
      ...(hasAddresses &&
      leaves.every((leaf) => leaf.isLogged) &&
      primaryKey.length > 0 &&
      withoutKeyInLog(leaves, primaryKey).length === 0
        ? (['log'] as const)
        : []),
    ];
  }

  /** Whether it goes on by a time as it is set, whose late rows are looked for from the oldest open transaction on. */
  mayFollowTimes({ method, cursor_columns }: ReadingSettings): boolean {
    const { wish } = this;
    const wanted = wish?.method ?? (wish?.cursor === undefined ? method : 'cursor');
    const column = wish?.cursor ?? cursor_columns.find((each) => this.cursorColumns.includes(each));
    const found = this.columns.find(({ name }) => name === column);
    return wanted === 'cursor' && wish?.lookback === undefined && found !== undefined && isTime(found.base);
  }

  isChosen(column: string): boolean {
    return this.wish?.columns?.includes(column) ?? true;
  }

  estimate(): StreamEstimate | undefined {
    let rows = 0;
    let bytes = 0;
    for (const leaf of this.catalog.leaves) {
      if (leaf.rows === undefined) return undefined;
      rows += leaf.rows;
      bytes += leaf.bytes;
    }
    return rows > 0 ? { rows, ...(bytes > 0 ? { bytes } : {}) } : undefined;
  }

  load(columns: readonly Column[]): PostgresLoad {
    return new PostgresLoad(this.server, this.catalog, columns as readonly PostgresColumn[], this.wish);
  }

  follow(kind: FollowKind, columns: readonly Column[], cursor?: string): Follow {
    const chosen = columns as readonly PostgresColumn[];
    if (kind === 'cursor') return new CursorFollow(this.server, this.catalog, chosen, cursor ?? '', this.wish);
    if (kind === 'xmin') return new XminFollow(this.server, this.catalog, chosen);
    throw new ConnectorError('config', `${this.catalog.relation.id} cannot be followed by '${kind}'.`);
  }
}
