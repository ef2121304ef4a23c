import type { StreamDescriptor } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { forgetColumns } from '../sql/column-books.js';
import type { Lease } from '../sql/lease.js';
import { Ledger } from '../sql/ledger.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import { digest } from '../sql/naming.js';
import type { SqlDatabase, TableName } from '../sql/sql-database.js';
import { nextOf } from '../sql/stored-tables.js';
import type { Database } from './database.js';
import { literal, quote, sqlName, TABLE_OPTIONS } from './dialect.js';
import { tableExists } from './table.js';

/**
 * What MySQL cannot do in a transaction: it commits by itself whenever a table is made, renamed or emptied. So the books say
 * beforehand what is going to be done, in the transaction of the rows and states that it belongs to; whoever opens the
 * connection after a kill does it first. Doing it twice is the same as once.
 * `swap`: the new table takes the old one's place, and the stream is complete. `clear`: the stream's rows go. `drop`: those
 * that were written beside its table do.
 */
export interface UnderWay {
  what: 'swap' | 'clear' | 'drop';
  stream: StreamDescriptor;
  table: TableName;
}

/** How long somebody else's renaming is waited for. */
const GUARD_SECONDS = 600;
const COLUMNS = ['connection', 'namespace', 'name', 'schema_name', 'table_name', 'what'];

/** The notes of one connection. */
export class Notes {
  private readonly notes: string;

  constructor(
    private readonly books: LedgerDialect,
    database: string,
    private readonly connection: string,
  ) {
    this.notes = `${quote(database)}.${quote('_tidemark_under_way')}`;
  }

  async prepare(db: SqlDatabase): Promise<void> {
    const columns = COLUMNS.map((name) => `${name} ${this.books.types.key} NOT NULL`);
    const key = 'PRIMARY KEY (connection, namespace, name)';
    await db.run(`CREATE TABLE IF NOT EXISTS ${this.notes} (${columns.join(', ')}, ${key})${TABLE_OPTIONS}`);
  }

  /** Part of the caller's transaction. */
  async write(db: SqlDatabase, { what, stream, table }: UnderWay): Promise<void> {
    const values = [this.connection, stream.namespace ?? '', stream.name, table.schema, table.name, what];
    await db.run(`REPLACE INTO ${this.notes} (${COLUMNS.join(', ')}) VALUES ($1, $2, $3, $4, $5, $6)`, values);
  }

  /**
   * Work that no transaction holds together, done only by the one who has the lease: whoever takes the lease over waits for
   * its end before doing anything. Throws ConnectorError (system) when the lease is somebody else's by now.
   */
  async guarded(db: Database, lease: Lease, work: () => Promise<void>): Promise<void> {
    const lock = literal(`tidemark_work_${digest(JSON.stringify([this.notes, this.connection]), 40)}`);
    const { got } = await db.one(`SELECT GET_LOCK(${lock}, ${GUARD_SECONDS}) AS got`);
    if (Number(got) !== 1) {
      throw new ConnectorError(
        'transient',
        `Another runner of '${this.connection}' is still changing tables. Run this again.`,
      );
    }
    try {
      await lease.check(db);
      await work();
    } finally {
      await db.all(`SELECT RELEASE_LOCK(${lock}) AS done`).catch(() => undefined);
    }
  }

  /** Does what was noted and not done. */
  async settle(db: Database): Promise<void> {
    const rows = await db.all(`SELECT * FROM ${this.notes} WHERE connection = $1`, [this.connection]);
    for (const row of rows) {
      const stream = { name: String(row.name), namespace: row.namespace === '' ? undefined : String(row.namespace) };
      const table = { schema: String(row.schema_name), name: String(row.table_name) };
      await this.carryOut(db, { what: row.what as UnderWay['what'], stream, table });
    }
  }

  /** Does what was noted, and strikes the note out. */
  async carryOut(db: Database, { what, stream, table }: UnderWay): Promise<void> {
    const next = nextOf(table);
    if (what === 'swap') await swap(db, table);
    else await db.run(`DROP TABLE IF EXISTS ${sqlName(next)}`);
    // What reads the table (views, grants) stays.
    if (what === 'clear' && (await tableExists(db, table))) await db.run(`TRUNCATE TABLE ${sqlName(table)}`);
    await db.transaction(async () => {
      if (what === 'swap') {
        await this.moveColumns(db, table);
        await new Ledger(this.books).markComplete(db, this.connection, stream);
      } else {
        await forgetColumns(db, this.books, next);
      }
      await db.run(`DELETE FROM ${this.notes} WHERE connection = $1 AND namespace = $2 AND name = $3`, [
        this.connection,
        stream.namespace ?? '',
        stream.name,
      ]);
    });
  }

  /** The new table's columns are the table's now. After a kill they may have been moved already. */
  private async moveColumns(db: SqlDatabase, table: TableName): Promise<void> {
    const next = nextOf(table);
    const columns = this.books.table('columns');
    const known = await db.all(`SELECT 1 AS found FROM ${columns} WHERE schema_name = $1 AND table_name = $2 LIMIT 1`, [
      next.schema,
      next.name,
    ]);
    if (known.length === 0) return;
    await forgetColumns(db, this.books, table);
    await db.run(`UPDATE ${columns} SET table_name = $1 WHERE schema_name = $2 AND table_name = $3`, [
      table.name,
      next.schema,
      next.name,
    ]);
  }
}

/** Where the old table is for the moment between the renaming, which is one step, and its end. */
function oldOf(table: TableName): TableName {
  return { schema: table.schema, name: `${table.name}__tidemark_old` };
}

async function swap(db: Database, table: TableName): Promise<void> {
  const [next, old] = [nextOf(table), oldOf(table)];
  if (await tableExists(db, next)) {
    // Left by a swap that was killed between its steps: it has been replaced already.
    if ((await tableExists(db, table)) && (await tableExists(db, old))) await db.run(`DROP TABLE ${sqlName(old)}`);
    const away = (await tableExists(db, table)) ? `${sqlName(table)} TO ${sqlName(old)}, ` : '';
    await db.run(`RENAME TABLE ${away}${sqlName(next)} TO ${sqlName(table)}`);
  }
  await db.run(`DROP TABLE IF EXISTS ${sqlName(old)}`);
}
