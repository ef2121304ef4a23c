import { ConnectorError } from '@tidemark/source';
import type { SqlDatabase } from './sql-database.js';

/** Raised when the tables of the books change; books with a higher one are refused. */
export const VERSION = 4;

export type LedgerTable = 'version' | 'jobs' | 'attempts' | 'streams' | 'columns' | 'shared' | 'leases';
type ColumnType = 'key' | 'text' | 'integer' | 'boolean' | 'moment';

/** How one database writes what the books need. */
export interface LedgerDialect {
  /** A table of the books as it stands in a statement: `"_tidemark"."jobs"`. */
  table(name: LedgerTable): string;
  /** An identifier as it stands in a statement. */
  quote(name: string): string;
  /** `key`: texts that stand in WHERE, compared byte by byte. `integer` has 64 bits. */
  types: Record<ColumnType, string>;
  /** What comes before the tables: a schema to make. */
  before: readonly string[];
  /** SQL of a moment, given in milliseconds since the epoch. */
  moment(ms: number): string;
  /** SQL that gives a moment's milliseconds since the epoch. */
  milliseconds(sql: string): string;
  /** How many of the books' tables there are. */
  count(db: SqlDatabase): Promise<number>;
  /** Appended to CREATE TABLE: a storage engine, a collation. */
  tableOptions?: string;
  /** Every table gets its primary key: without it, the database would lock more than the rows that are written. */
  keys?: boolean;
}

const KEYS: Record<LedgerTable, readonly string[]> = {
  version: ['version'],
  jobs: ['connection', 'id', 'started_at'],
  attempts: ['connection', 'job', 'attempt', 'started_at'],
  streams: ['connection', 'namespace', 'name'],
  columns: ['schema_name', 'table_name', 'position'],
  shared: ['connection'],
  leases: ['connection'],
};

const TABLES: Record<LedgerTable, readonly (readonly [string, ColumnType])[]> = {
  version: [['version', 'integer']],
  jobs: [
    ['connection', 'key'],
    ['id', 'integer'],
    ['nonce', 'text'],
    ['fingerprint', 'text'],
    ['attempt', 'integer'],
    ['outcome', 'text'],
    ['last_attempt_progressed', 'boolean'],
    ['started_at', 'moment'],
    ['ended_at', 'moment'],
    ['given_up', 'boolean'],
  ],
  attempts: [
    ['connection', 'key'],
    ['job', 'integer'],
    ['attempt', 'integer'],
    ['outcome', 'text'],
    ['rows', 'integer'],
    ['error', 'text'],
    ['started_at', 'moment'],
    ['ended_at', 'moment'],
  ],
  streams: [
    ['connection', 'key'],
    ['namespace', 'key'],
    ['name', 'key'],
    ['table_schema', 'key'],
    ['table_name', 'key'],
    ['job', 'text'],
    ['generation', 'integer'],
    ['status', 'text'],
    ['sync_mode', 'text'],
    ['destination_sync_mode', 'text'],
    ['state', 'text'],
    ['rows', 'integer'],
    ['open_since', 'integer'],
    ['raw_id_mark', 'integer'],
    ['updated_at', 'moment'],
    ['minimum_generation', 'integer'],
    ['pending', 'text'],
    ['uncovered', 'boolean'],
    ['primary_key', 'text'],
  ],
  columns: [
    ['schema_name', 'key'],
    ['table_name', 'key'],
    ['position', 'integer'],
    ['field', 'text'],
    ['column_name', 'text'],
    ['kind', 'text'],
    ['declared', 'boolean'],
  ],
  shared: [
    ['connection', 'key'],
    ['state', 'text'],
    ['updated_at', 'moment'],
  ],
  leases: [
    ['connection', 'key'],
    ['token', 'integer'],
    ['holder', 'text'],
    ['taken_at', 'moment'],
    ['expires_at', 'moment'],
  ],
};

/** What older books lack. */
const ADDED: Record<number, { tables: LedgerTable[]; columns: [LedgerTable, string][] }> = {
  2: {
    tables: ['shared', 'leases'],
    columns: [
      ['streams', 'minimum_generation'],
      ['streams', 'pending'],
    ],
  },
  3: { tables: [], columns: [['streams', 'uncovered']] },
  4: {
    tables: [],
    columns: [
      ['jobs', 'given_up'],
      ['streams', 'primary_key'],
    ],
  },
};

/**
 * Makes the books where there are none and brings older ones up to date. To be called inside a transaction, where the
 * database has them for tables. Throws ConnectorError (config) when a newer Tidemark has written them.
 */
export async function prepareBooks(db: SqlDatabase, dialect: LedgerDialect): Promise<void> {
  const names = Object.keys(TABLES) as LedgerTable[];
  const found = await dialect.count(db);
  if (found === 0) for (const statement of dialect.before) await db.run(statement);
  const version = found === 0 ? undefined : await versionOf(db, dialect);
  if (version === VERSION && found >= names.length) return;
  if (version === undefined || version === VERSION) {
    for (const name of names) await createTable(db, dialect, name);
    if (version === undefined) await db.run(`INSERT INTO ${dialect.table('version')} VALUES (${VERSION})`);
    return;
  }
  for (let next = version + 1; next <= VERSION; next++) {
    for (const name of ADDED[next]!.tables) await createTable(db, dialect, name);
    for (const [table, column] of ADDED[next]!.columns) {
      const type = TABLES[table].find(([name]) => name === column)![1];
      await db.run(`ALTER TABLE ${dialect.table(table)} ADD COLUMN ${dialect.quote(column)} ${dialect.types[type]}`);
    }
  }
  await db.run(`UPDATE ${dialect.table('version')} SET version = ${VERSION}`);
}

/**
 * Whether there are books that can be read as they are: for those who look only. Throws ConnectorError (config) when they
 * are of another version.
 */
export async function booksAreThere(db: SqlDatabase, dialect: LedgerDialect): Promise<boolean> {
  if ((await dialect.count(db)) === 0) return false;
  const version = await versionOf(db, dialect);
  if (version === undefined || version === VERSION) return version !== undefined;
  throw new ConnectorError(
    'config',
    `The books in this database were written by an older Tidemark (version ${version}, this one has ${VERSION}). The next sync brings them up to date.`,
  );
}

async function versionOf(db: SqlDatabase, dialect: LedgerDialect): Promise<number | undefined> {
  const [row] = await db.all(`SELECT max(version) AS version FROM ${dialect.table('version')}`);
  if (row?.version === null || row?.version === undefined) return undefined;
  const version = Number(row.version);
  if (version > VERSION) {
    throw new ConnectorError(
      'config',
      `The books in this database were written by a newer Tidemark (version ${version}, this one knows ${VERSION}). Update Tidemark.`,
    );
  }
  return version;
}

async function createTable(db: SqlDatabase, dialect: LedgerDialect, name: LedgerTable): Promise<void> {
  const columns = TABLES[name].map(([column, type]) => `${dialect.quote(column)} ${dialect.types[type]}`);
  // Two runners that come at once must not both put a row there.
  if (name === 'leases' || dialect.keys) columns.push(`PRIMARY KEY (${KEYS[name].join(', ')})`);
  await db.run(
    `CREATE TABLE IF NOT EXISTS ${dialect.table(name)} (${columns.join(', ')})${dialect.tableOptions ?? ''}`,
  );
}
