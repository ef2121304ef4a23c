import type { ColumnRules } from '../sql/column.js';
import type { LeaseDialect } from '../sql/lease.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import { digest } from '../sql/naming.js';
import type { SqlDatabase, TableName } from '../sql/sql-database.js';
import type { Database } from './database.js';

const TEXT = 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const KEY = 'VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
/** Rows beyond a third of a page keep 20 bytes of a text; what an account's default format would keep is not known. */
export const TABLE_OPTIONS = ' ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/**
 * JSON is text here: MySQL's own type would turn long numbers into doubles, and sort keys. InnoDB keeps about 8,000 bytes of
 * a row in its place, 41 of each text: 180 columns fit whatever they hold.
 */
export const MYSQL_COLUMNS: ColumnRules = {
  narrowest: {
    text: 'LONGTEXT',
    integer: 'BIGINT',
    number: 'DOUBLE',
    boolean: 'BOOLEAN',
    date: 'DATE',
    timestamp: 'DATETIME(6)',
    timestamptz: 'DATETIME(6)',
    time: 'TIME(6)',
    json: 'LONGTEXT',
  },
  names: { max: 64, unit: 'characters', basic: true },
  columnsMax: 180,
};

/** Tidemark's own columns; they stand first in every table. The key is in the order in which rows come. */
export const OWN_COLUMNS = [
  ['_airbyte_raw_id', 'CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY'],
  ['_airbyte_extracted_at', 'DATETIME(6) NOT NULL'],
  ['_airbyte_meta', `${TEXT} NOT NULL`],
  ['_airbyte_generation_id', 'BIGINT NOT NULL'],
] as const;

/** An SQL identifier. */
export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** An SQL text literal, for sessions without NO_BACKSLASH_ESCAPES. */
export function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\u0000', '\\0')}'`;
}

export function sqlName(table: TableName): string {
  return `${quote(table.schema)}.${quote(table.name)}`;
}

/** A column's type as CREATE TABLE wants it. */
export function typeSql(type: string): string {
  return type === 'LONGTEXT' ? TEXT : type === 'BOOLEAN' ? 'TINYINT(1)' : type;
}

/** A type as the server tells it (`bigint(20)`, `tinyint(1)`), in the words of `Column.type`. */
export function typeOf(told: string): string {
  const type = told.toUpperCase().replace(/\s*,\s*/g, ',');
  if (type === 'TINYINT(1)') return 'BOOLEAN';
  return type.replace(/^(BIGINT|INT|DOUBLE)\(.*?\)/, '$1');
}

const MOMENT = 'DATETIME(3)';
const BOOKS = ['version', 'jobs', 'attempts', 'streams', 'columns', 'shared', 'leases'];

/** The books are tables of the configured database, `_tidemark_jobs` and so on: MySQL has no schemas inside a database. */
export function mysqlLedger(database: string): LedgerDialect {
  const table = (name: string) => `${quote(database)}.${quote(`_tidemark_${name}`)}`;
  return {
    table,
    quote,
    types: { key: KEY, text: TEXT, integer: 'BIGINT', boolean: 'TINYINT(1)', moment: MOMENT },
    keys: true,
    before: [],
    moment: (ms) => `CAST('${new Date(ms).toISOString().replace('T', ' ').slice(0, 23)}' AS ${MOMENT})`,
    milliseconds: (sql) => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', ${sql}) DIV 1000`,
    async count(db) {
      const names = BOOKS.map((name) => literal(`_tidemark_${name}`)).join(', ');
      const [row] = await db.all(
        `SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = $1 AND table_name IN (${names})`,
        [database],
      );
      return Number(row?.n);
    },
    tableOptions: TABLE_OPTIONS,
  };
}

/**
 * A named lock of the session tells others on the same server that it is still connected. A connection has one for as long as it
 * lives: what is asked for a second time is what it has, and the server frees it when the connection ends.
 */
export function mysqlLease(facts: Database['facts']): LeaseDialect {
  const names = new WeakMap<SqlDatabase, Promise<string>>();
  const taken = async (db: SqlDatabase) => {
    const name = `tidemark_${digest(`${process.pid} ${Math.random()} ${Date.now()}`, 40)}`;
    await db.all(`SELECT GET_LOCK(${literal(name)}, 0) AS got`);
    return name;
  };
  return {
    now: 'UTC_TIMESTAMP(3)',
    after: (seconds) => `UTC_TIMESTAMP(3) + INTERVAL ${Math.round(seconds * 1_000) * 1_000} MICROSECOND`,
    share: 'LOCK IN SHARE MODE',
    async id(db) {
      const name = names.get(db) ?? taken(db);
      names.set(db, name);
      name.catch(() => names.delete(db));
      return `${facts.serverId}#${await name}`;
    },
    async gone(db: SqlDatabase, id: string) {
      const [server, name = ''] = id.split('#');
      // In a cluster the holder may be connected to another node, of whose sessions this one knows nothing.
      if (server !== facts.serverId || name === '') return false;
      const [row] = await db.all(`SELECT IS_USED_LOCK(${literal(name)}) IS NULL AS gone`);
      return Number(row?.gone) === 1;
    },
  };
}
