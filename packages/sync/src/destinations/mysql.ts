import { type JsonObject, streamKey } from '@tidemark/protocol';
import type {
  AttemptSummary,
  Destination,
  Job,
  JobOutcome,
  OpenOptions,
  ResetOrder,
  Session,
  StoredAttempt,
  StoredJob,
  StreamPlan,
  Writer,
} from '../destination.js';
import { Database, type MysqlAddress } from './mysql/database.js';
import { literal, MYSQL_COLUMNS, mysqlLease, mysqlLedger, quote, sqlName } from './mysql/dialect.js';
import { createTable, evolveTable, nextColumns, readColumns, tableExists } from './mysql/table.js';
import { Notes, type UnderWay } from './mysql/under-way.js';
import { MysqlWriter } from './mysql/writer.js';
import { Lease } from './sql/lease.js';
import { Ledger, type StreamRow } from './sql/ledger.js';
import { booksAreThere, prepareBooks } from './sql/ledger-tables.js';
import { digest, safeName } from './sql/naming.js';
import { newTable } from './sql/new-table.js';
import { nothingStored } from './sql/nothing-stored.js';
import { RawIds } from './sql/raw-id.js';
import { refuseLoss } from './sql/refuse-loss.js';
import { SchemaWatch } from './sql/schema-watch.js';
import { DELETED_FIELD, type TableName } from './sql/sql-database.js';
import { dropOrphanedState, nextOf, writeTable } from './sql/stored-tables.js';

/** Settings of the MySQL destination. */
export type MysqlOptions = MysqlAddress;

/** A MySQL or MariaDB database: one typed table per stream, the books in tables named `_tidemark_…` beside them. */
export function mysql(given: MysqlOptions): Destination {
  const name = `mysql://${given.host}:${given.port ?? 3306}/${given.database}`;
  return {
    name,
    async open(options) {
      const db = await Database.connect(given);
      const database = db.facts.foldsNames ? given.database.toLowerCase() : given.database;
      const settings = { ...given, database };
      try {
        const books = mysqlLedger(database);
        if (options.readOnly && !(await booksAreThere(db, books))) {
          await db.close();
          return nothingStored;
        }
        const notes = new Notes(books, database, options.connection);
        const held = options.readOnly ? undefined : await hold(db, settings, options, notes);
        return new MysqlSession(db, settings, options, name, notes, held);
      } catch (error) {
        await db.close();
        throw error;
      }
    },
  };
}

/** A lease, over a connection of its own: it is renewed while the other one rewrites a table. */
interface Held {
  lease: Lease;
  db: Database;
}

/** Makes the books where there are none, takes the lease, and ends what a kill has left half done. */
async function hold(db: Database, settings: MysqlOptions, options: OpenOptions, notes: Notes): Promise<Held> {
  const { connection, leaseSeconds } = options;
  const books = mysqlLedger(settings.database);
  const own = await Database.connect(settings, db.facts);
  let lease: Lease | undefined;
  try {
    await makeBooks(own, settings.database, notes);
    lease = await own.transaction(() => Lease.take(own, books, mysqlLease(db.facts), connection, leaseSeconds));
    lease.keep(leaseSeconds);
    await notes.guarded(db, lease, () => notes.settle(db));
    return { lease, db: own };
  } catch (error) {
    await lease?.release();
    await own.close();
    throw error;
  }
}

/** Making tables is no transaction here: who comes at the same time waits. */
async function makeBooks(db: Database, database: string, notes: Notes): Promise<void> {
  const lock = literal(`tidemark_books_${digest(database, 40)}`);
  await db.all(`SELECT GET_LOCK(${lock}, 60) AS got`);
  try {
    await prepareBooks(db, mysqlLedger(database));
    await notes.prepare(db);
  } finally {
    await db.all(`SELECT RELEASE_LOCK(${lock}) AS done`);
  }
}

class MysqlSession implements Session {
  private rows = new Map<string, StreamRow>();
  private readonly tables = new Map<string, TableName>();
  private ids: RawIds;
  private readonly ledger: Ledger;
  private readonly books;
  private job: Job | undefined;
  private readonly watch: SchemaWatch;
  /** The writers' own connections. */
  private readonly writing = new Set<Database>();

  constructor(
    private readonly db: Database,
    private readonly settings: MysqlOptions,
    private readonly options: OpenOptions,
    private readonly place: string,
    private readonly notes: Notes,
    private readonly held: Held | undefined,
  ) {
    this.books = mysqlLedger(settings.database);
    this.ledger = new Ledger(this.books);
    this.ids = new RawIds(options.clock);
    this.watch = new SchemaWatch(options);
  }

  async load(connection: string): Promise<StoredJob | undefined> {
    const rows = await this.ledger.streams(this.db, connection);
    for (const row of rows) await dropOrphanedState(row, (table) => tableExists(this.db, table), this.options.log);
    this.rows = new Map(rows.map((row) => [streamKey(row.stream), row]));
    this.ids = new RawIds(this.options.clock, Math.max(0, ...rows.map((row) => row.rawIdMark)));
    return this.ledger.job(this.db, connection, rows);
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.ledger.history(this.db, connection, limit);
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    this.job = job;
    const { db, lease, ledger, options } = this;
    for (const plan of plans) {
      refuseLoss(plan, this.rows.get(plan.key));
      const table = this.rows.get(plan.key)?.table ?? (await this.newTableName(plan));
      this.tables.set(plan.key, table);
    }
    await this.notes.guarded(db, lease, async () => {
      // The books and the rows that go come first: whatever is made after that, a later attempt makes if a kill comes here.
      await db.transaction(async () => {
        const now = options.clock();
        await ledger.beginAttempt(db, job, now);
        for (const plan of plans) {
          const table = this.tables.get(plan.key)!;
          await this.dropPartialRows(plan, table);
          await ledger.beginStream(db, job, plan, this.rows.get(plan.key), table, now);
        }
        await lease.check(db);
      });
      if (job.attempt === 1) await this.dropLeftOvers(plans);
      for (const plan of plans) await this.prepareTables(plan, this.tables.get(plan.key)!);
    });
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    const { options, ids, books, ledger, notes } = this;
    const db = await Database.connect(this.settings, this.db.facts);
    this.writing.add(db);
    const context = { job: this.job!, options, ids, books, ledger, notes, lease: this.lease };
    const streams = plans.map((plan) => ({ plan, table: this.tables.get(plan.key)! }));
    try {
      return await MysqlWriter.create(db, context, streams);
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  async reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    const { db, lease, ledger } = this;
    const rows = new Map((await ledger.streams(db, connection)).map((row) => [streamKey(row.stream), row]));
    const notes = orders.flatMap(({ what, stream }): UnderWay[] => {
      const table = rows.get(streamKey(stream))?.table;
      if (!table || what === 'merge' || what === 'truncate') return [];
      return [{ what: what === 'clear' ? 'clear' : 'drop', stream, table }];
    });
    await db.transaction(async () => {
      await ledger.reset(db, connection, orders, shared, this.options.clock());
      for (const note of notes) await this.notes.write(db, note);
      await lease.check(db);
    });
    await this.notes.guarded(db, lease, async () => {
      for (const note of notes) await this.notes.carryOut(db, note);
    });
  }

  async end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    const { db, books, lease, ledger } = this;
    await this.watch.end((plan) => readColumns(db, books, this.tables.get(plan.key)!));
    await db.transaction(async () => {
      await ledger.endAttempt(db, job, outcome, summary, this.options.clock());
      await lease.check(db);
    });
  }

  async close(): Promise<void> {
    await this.held?.lease.release();
    await this.held?.db.close();
    await this.db.close();
  }

  leave(): void {
    for (const db of [this.db, ...this.writing]) db.cut();
    // The server ends the locks of a connection that is gone, and with them the lease.
    this.held?.db.cut();
  }

  private get lease(): Lease {
    if (!this.held) throw new Error('the destination was opened to look only');
    return this.held.lease;
  }

  /** Half-read tables of an abandoned job whose streams are not in this one. */
  private async dropLeftOvers(plans: readonly StreamPlan[]): Promise<void> {
    const planned = new Set(plans.map((plan) => plan.key));
    for (const [key, row] of this.rows) {
      if (!planned.has(key) && row.syncMode === 'full_refresh')
        await this.db.run(`DROP TABLE IF EXISTS ${sqlName(nextOf(row.table))}`);
    }
  }

  /** A stream with a namespace goes to a database of that name. */
  private async newTableName(plan: StreamPlan): Promise<TableName> {
    const { db, settings, options } = this;
    const { namespace } = plan.stream;
    const fold = (name: string) => (db.facts.foldsNames ? name.toLowerCase() : name);
    const schema = fold(namespace ? safeName(namespace, new Set(), MYSQL_COLUMNS.names) : settings.database);
    const made = await newTable(plan, {
      schema,
      names: MYSQL_COLUMNS.names,
      connection: options.connection,
      place: this.place,
      owners: await this.ledger.owners(db, schema),
      chosen: this.tables.values(),
      exists: ({ name }) => tableExists(db, { schema, name: fold(name) }),
    });
    return { schema, name: fold(made.name) };
  }

  private async dropPartialRows(plan: StreamPlan, final: TableName): Promise<void> {
    const isBeside = writeTable(plan, final) !== final;
    if (isBeside || plan.partialGeneration === undefined || !(await tableExists(this.db, final))) return;
    await this.db.run(`DELETE FROM ${sqlName(final)} WHERE _airbyte_generation_id = $1`, [plan.partialGeneration]);
  }

  private async prepareTables(plan: StreamPlan, final: TableName): Promise<void> {
    const { db, books } = this;
    const table = writeTable(plan, final);
    const next = nextOf(final);
    const first = [...plan.primaryKey.map(([field]) => field!), plan.cursorField[0] ?? '', DELETED_FIELD];
    if (plan.begin === 'anew' || table === final) await db.run(`DROP TABLE IF EXISTS ${sqlName(next)}`);
    if (table.schema !== this.settings.database) await this.makeDatabase(table.schema);
    const old = await readColumns(db, books, final);
    this.watch.begin(plan, old);
    if (!(await tableExists(db, table))) {
      await createTable(db, books, table, nextColumns(plan.schema, first, old));
      return;
    }
    const isRead = table === final;
    const columns = isRead ? old : await readColumns(db, books, table);
    await evolveTable(db, books, table, columns, plan, (change) => {
      // Of a table that nobody reads yet nobody has to know.
      if (isRead) this.watch.changed(plan, change);
    });
  }

  private async makeDatabase(name: string): Promise<void> {
    const found = await this.db.all('SELECT 1 AS found FROM information_schema.schemata WHERE schema_name = $1', [
      name,
    ]);
    if (found.length > 0) return;
    await this.db.run(`CREATE DATABASE IF NOT EXISTS ${quote(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  }
}
