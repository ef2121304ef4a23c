import type { LeaseDialect } from '../sql/lease.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import { quote } from './columns.js';

/** How books are written in a schema of a PostgreSQL database. */
function booksIn(schema: string): LedgerDialect {
  return {
    table: (name) => `${schema}.${name}`,
    quote,
    types: {
      key: 'text COLLATE "C"',
      text: 'text',
      integer: 'bigint',
      boolean: 'boolean',
      moment: 'timestamp with time zone',
    },
    // IF NOT EXISTS asks for the right to make schemas even where the schema is there.
    before: [`DO $$ BEGIN IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA ${schema}; END IF; END $$`],
    moment: (ms) => `to_timestamp(${Math.floor(ms)} / 1000.0)`,
    milliseconds: (sql) => `round(extract(epoch FROM ${sql}) * 1000)`,
    async count(db) {
      const [row] = await db.all(
        `SELECT count(*) AS n FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
          WHERE s.nspname = '${schema}' AND c.relkind = 'r'`,
      );
      return Number(row?.n);
    },
  };
}

/** The books beside the data. */
export const postgresLedger = booksIn('_tidemark');
/** Books of data that are elsewhere: apart from the others, since both may know a connection of the same name. */
export const postgresBooksLedger = booksIn('_tidemark_books');

/** Two runners that make the books at once: one waits. The number is Tidemark's own. */
export const LOCK_BOOKS = 'SELECT pg_advisory_xact_lock(7453297501)';

export const postgresLeases: LeaseDialect = {
  now: 'clock_timestamp()',
  after: (seconds) => `clock_timestamp() + interval '1 second' * ${Number(seconds)}`,
  share: 'FOR SHARE',
  async id(db) {
    const [row] = await db.all(
      `SELECT pid || ' ' || coalesce(extract(epoch FROM backend_start)::text, '') AS id FROM pg_stat_activity
        WHERE pid = pg_backend_pid()`,
    );
    return String(row?.id ?? '');
  },
  async gone(db, id) {
    const [pid = '', start = ''] = id.split(' ');
    // Behind a pool of connections nobody's server process is his own; one that cannot be seen is taken for alive.
    if (!/^\d+$/.test(pid) || start === '') return false;
    const rows = await db.all(
      `SELECT coalesce(extract(epoch FROM backend_start)::text, $1) AS start FROM pg_stat_activity WHERE pid = $2`,
      [start, Number(pid)],
    );
    return !rows.some((row) => row.start === start);
  },
};
