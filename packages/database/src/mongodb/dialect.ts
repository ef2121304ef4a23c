import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RunContext, type StreamEstimate } from '@tidemark/source';
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
import type { ChangeLog } from '../log/change-log.js';
import { LongStatements } from '../long-statements.js';
import { SpoolSpace } from '../spool/spool-space.js';
import { readCatalog } from './catalog.js';
import { LOG_COLUMNS, LOG_CURSOR } from './change-records.js';
import { ChangeStreamLog } from './change-stream-log.js';
import { checkCollections } from './check.js';
import { Clients } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { parseMongoConfig } from './config.js';
import { MONGODB_CONNECTION_SCHEMA } from './connection-schema.js';
import { CursorFollow } from './cursor-follow.js';
import { estimateOf } from './estimate.js';
import { IdLoad, type LoadOptions } from './id-load.js';
import { RecordMaker } from './record-maker.js';
import { fieldColumn } from './sample-schema.js';
import { wholeLoad } from './whole-load.js';

/** MongoDB 4.2 and later. Tested against a stand-in only: see docs/dialects/mongodb.md. */
export const mongodb: Dialect = {
  name: 'mongodb',
  title: 'MongoDB',
  schemes: ['mongodb', 'mongodb+srv'],
  connectionSchema: MONGODB_CONNECTION_SCHEMA,
  async open(config: JsonObject, settings: ReadingSettings, context: RunContext): Promise<Database> {
    const parsed = parseMongoConfig(config);
    for (const secret of parsed.secrets) context.addSecret(secret);
    if (settings.snapshot)
      context.log('WARN', `MongoDB is read page by page, each as it is then: 'snapshot' has no effect.`);
    const long = new LongStatements(context.alive, settings.statement_timeout_seconds);
    const clients = new Clients(parsed, settings, long);
    return new MongoDatabase(clients, settings, (message) => context.log('WARN', message));
  },
};

class MongoDatabase implements Database {
  private collections: Collection[] = [];
  private readonly spool: SpoolSpace;

  constructor(
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly warn: (message: string) => void,
  ) {
    this.spool = new SpoolSpace(settings, warn);
  }

  async tables(wishes: readonly TableWish[] | undefined): Promise<Table[]> {
    const { clients, settings, warn, spool } = this;
    this.collections = await readCatalog({ clients, settings, warn }, wishes);
    return this.collections.map((collection) => {
      const wish = wishes?.find(
        (each) => each.name === collection.name && (each.namespace ?? collection.database) === collection.database,
      );
      return new MongoTable(clients, settings, collection, wish, warn, spool);
    });
  }

  log(): ChangeLog {
    const { clients, settings, warn } = this;
    return new ChangeStreamLog({ clients, settings, collections: () => this.collections, warn });
  }

  check(): Promise<Finding[]> {
    return checkCollections(this.clients, this.settings, this.collections);
  }

  close(): Promise<void> {
    return this.clients.close();
  }
}

class MongoTable implements Table {
  readonly name: string;
  readonly namespace: string;
  readonly columns: readonly Column[];
  readonly primaryKey = ['_id'];
  readonly isResumable: boolean;
  readonly notResumable?: string;
  readonly follows: readonly FollowKind[];
  readonly cursorColumns: readonly string[];
  readonly extraColumns = LOG_COLUMNS;
  readonly logCursor = LOG_CURSOR;

  constructor(
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly collection: Collection,
    private readonly wish: TableWish | undefined,
    private readonly warn: (message: string) => void,
    private readonly spool: SpoolSpace,
  ) {
    this.name = collection.name;
    this.namespace = collection.database;
    this.columns = collection.columns;
    this.isResumable = collection.notResumable === undefined;
    if (collection.notResumable !== undefined) this.notResumable = collection.notResumable;
    const { schemaless } = clients.config;
    const fields = schemaless ? [] : this.columns.map((column) => column.name);
    this.cursorColumns = this.isResumable ? fields.filter((name) => collection.indexed.has(name)) : [];
    const byCursor = this.isResumable && !schemaless;
    this.follows = [...(byCursor ? ['cursor' as const] : []), ...(this.isResumable ? ['log' as const] : [])];
  }

  /** A field that the catalog names and no sampled document had. */
  columnNamed(name: string, schema: JsonObject): Column {
    return fieldColumn(name, schema);
  }

  estimate(): Promise<StreamEstimate | undefined> {
    return estimateOf(this.clients, this.collection);
  }

  load(columns: readonly Column[]): TableLoad {
    const options = this.reading(columns);
    return this.isResumable ? new IdLoad(options) : wholeLoad(options, this.spool);
  }

  follow(kind: FollowKind, columns: readonly Column[], cursor?: string): Follow {
    const id = collectionId(this.collection);
    if (kind !== 'cursor' || !this.follows.includes('cursor') || cursor === undefined)
      throw new ConnectorError('config', `${id} cannot be followed by '${kind}' (it can: ${this.follows.join(', ')}).`);
    const isIndexed = this.collection.indexed.has(cursor);
    if (!isIndexed && !this.wish?.scan)
      throw new ConnectorError(
        'config',
        `${id}: no index begins with the cursor field '${cursor}', so every sync would sort the whole collection. Make one (db.${this.name}.createIndex({ ${cursor}: 1 })), or set 'scan: true' for this stream.`,
      );
    const { spool, wish } = this;
    return new CursorFollow(this.reading(columns), { field: cursor, isIndexed, lookback: wish?.lookback ?? 0, spool });
  }

  private reading(columns: readonly Column[]): LoadOptions {
    const { clients, settings, collection } = this;
    const { schemaless } = clients.config;
    const id = collectionId(collection);
    const records = new RecordMaker({
      names: columns.map((column) => column.name),
      schemaless,
      known: new Set(collection.columns.map((column) => column.name)),
      unknown: (name) =>
        this.warn(
          `${id}: documents have the field '${name}', which the catalog has not: it is left out. Discover again (a larger 'discover_sample_size' finds rarer fields), or read whole documents with 'schemaless: true'.`,
        ),
    });
    const projection = schemaless ? undefined : this.projection(columns);
    return { clients, settings, collection, columns, records, ...(projection ? { projection } : {}) };
  }

  /** Asks for no more than what is chosen, where something is left out on purpose and the names can be asked for. */
  private projection(columns: readonly Column[]): Record<string, 1> | undefined {
    const chosen = new Set(columns.map((column) => column.name));
    const leavesOut = this.columns.some((column) => !chosen.has(column.name));
    const isPlain = [...chosen].every((name) => /^[^$.\0][^.\0]*$/.test(name) && name !== '__proto__');
    if (!leavesOut || !isPlain) return undefined;
    return Object.fromEntries([...chosen, '_id'].map((name) => [name, 1 as const]));
  }
}
