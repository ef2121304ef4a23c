import { statSync } from 'node:fs';
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
import { DUCKDB_COLUMNS } from './duckdb/column.js';
import { compact } from './duckdb/compact.js';
import { Database, type DatabaseOptions, type Db } from './duckdb/database.js';
import { duckDbLedger } from './duckdb/ledger-dialect.js';
import { LogGate } from './duckdb/log-gate.js';
import { MemoryLimit } from './duckdb/memory.js';
import { createTable, deleteAfter, evolveTable, readColumns, sqlName, tableExists } from './duckdb/table.js';
import { DuckDbWriter } from './duckdb/writer.js';
import { declaredFields, successorColumns } from './sql/column.js';
import { Ledger, type StreamRow } from './sql/ledger.js';
import { booksAreThere, prepareBooks } from './sql/ledger-tables.js';
import { safeName } from './sql/naming.js';
import { BOOKS, newTable } from './sql/new-table.js';
import { nothingStored } from './sql/nothing-stored.js';
import { RawIds } from './sql/raw-id.js';
import { refuseLoss } from './sql/refuse-loss.js';
import { SchemaWatch } from './sql/schema-watch.js';
import type { TableName } from './sql/sql-database.js';
import { dropOrphanedState, nextOf, writeTable } from './sql/stored-tables.js';

/** Settings of the DuckDB destination. */
export interface DuckDbOptions extends Partial<DatabaseOptions> {
  path: string;
  /** Schema of the tables of streams that have no namespace. */
  schema?: string;
}

/** A DuckDB file: one typed table per stream, the books in the schema `_tidemark`. */
export function duckdb(options: DuckDbOptions): Destination {
  return {
    name: `duckdb:${options.path}`,
    async open(run) {
      if (run.readOnly && !(statSync(options.path, { throwIfNoEntry: false })?.size ?? 0)) return nothingStored;
      const { memoryLimit, threads = 2 } = options;
      const database = await Database.open(options.path, { memoryLimit, threads, readOnly: run.readOnly });
      try {
        const db = await database.connect();
        await db.run("SET TimeZone = 'UTC'");
        if (!run.readOnly) await db.transaction(() => prepareBooks(db, duckDbLedger));
        else if (!(await booksAreThere(db, duckDbLedger))) {
          database.close();
          return nothingStored;
        }
        const { name } = await db.one('SELECT current_database() AS name');
        return new DuckDbSession(database, db, String(name), options, run);
      } catch (error) {
        database.close();
        throw error;
      }
    },
  };
}

class DuckDbSession implements Session {
  private rows = new Map<string, StreamRow>();
  private tables = new Map<string, TableName>();
  private readonly ledger = new Ledger(duckDbLedger);
  private ids: RawIds;
  private readonly gate: LogGate;
  private readonly memory: MemoryLimit;
  private readonly schema: string;
  private job: Job | undefined;
  private readonly watch: SchemaWatch;

  constructor(
    private readonly database: Database,
    private readonly db: Db,
    private readonly catalog: string,
    settings: DuckDbOptions,
    private readonly options: OpenOptions,
  ) {
    this.schema = settings.schema ?? 'main';
    this.memory = new MemoryLimit(db, settings.memoryLimit !== undefined);
    this.gate = new LogGate(db, database.file);
    this.ids = new RawIds(options.clock);
    this.watch = new SchemaWatch(options);
  }

  async load(connection: string): Promise<StoredJob | undefined> {
    const rows = await this.ledger.streams(this.db, connection);
    for (const row of rows) row.table = this.qualified(row.table);
    for (const row of rows) await dropOrphanedState(row, (table) => tableExists(this.db, table), this.options.log);
    this.rows = new Map(rows.map((row) => [streamKey(row.stream), row]));
    this.ids = new RawIds(this.options.clock, Math.max(0, ...rows.map((row) => row.rawIdMark)));
    return this.ledger.job(this.db, connection, rows);
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    this.job = job;
    const now = this.options.clock();
    for (const row of this.rows.values()) if (row.uncovered) await this.takeBack(row);
    await this.db.transaction(async () => {
      await this.ledger.beginAttempt(this.db, job, now);
      if (job.attempt === 1) await this.dropLeftOvers(plans);
      for (const plan of plans) {
        const row = this.rows.get(plan.key);
        refuseLoss(plan, row);
        const table = row?.table ?? (await this.newTableName(plan));
        this.tables.set(plan.key, table);
        await this.prepareTables(plan, table);
        await this.ledger.beginStream(this.db, job, plan, row, table, now);
      }
    });
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    const db = await this.database.connect();
    const { gate, ids, memory, ledger, options } = this;
    const context = { duck: this.database.duck, job: this.job!, options, ids, gate, memory, ledger, takesEnds: true };
    return DuckDbWriter.create(
      db,
      context,
      plans.map((plan) => ({ plan, table: this.tables.get(plan.key)! })),
    );
  }

  async end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    await this.watch.end((plan) => readColumns(this.db, this.tables.get(plan.key)!));
    await this.db.transaction(() => this.ledger.endAttempt(this.db, job, outcome, summary, this.options.clock()));
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.ledger.history(this.db, connection, limit);
  }

  async reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    await this.db.transaction(async () => {
      const rows = await this.ledger.streams(this.db, connection);
      const known = new Map(rows.map((row) => [streamKey(row.stream), row.table]));
      for (const { stream, what } of orders) {
        const table = known.get(streamKey(stream));
        if (!table || what === 'merge' || what === 'truncate') continue;
        await this.db.run(`DROP TABLE IF EXISTS ${sqlName(nextOf(table))}`);
        if (what === 'clear' && (await tableExists(this.db, table))) await this.db.run(`DELETE FROM ${sqlName(table)}`);
      }
      await this.ledger.reset(this.db, connection, orders, shared, this.options.clock());
    });
  }

  async close(): Promise<void> {
    try {
      // Everything is safe by now: what goes wrong here is met again, and said, by whoever writes next.
      if (this.job) await compact(this.db).catch(() => undefined);
      this.db.connection.closeSync();
    } finally {
      this.database.close();
    }
  }

  /** Large rows that were committed before a state covered them, and no state came. */
  private async takeBack({ table, stream, rawIdMark }: StreamRow): Promise<void> {
    await this.db.transaction(async () => {
      for (const place of [table, nextOf(table)])
        if (await tableExists(this.db, place)) await deleteAfter(this.db, place, rawIdMark);
      await this.ledger.setUncovered(this.db, this.job!.connection, stream, false);
    });
  }

  /** Half-read tables of an abandoned job whose streams are not in this one. */
  private async dropLeftOvers(plans: readonly StreamPlan[]): Promise<void> {
    const planned = new Set(plans.map((plan) => plan.key));
    for (const [key, row] of this.rows) {
      if (!planned.has(key) && row.syncMode === 'full_refresh')
        await this.db.run(`DROP TABLE IF EXISTS ${sqlName(nextOf(row.table))}`);
    }
  }

  /** A table that Tidemark did not make is never touched. */
  private async newTableName(plan: StreamPlan): Promise<TableName> {
    const { names } = DUCKDB_COLUMNS;
    const schema = plan.stream.namespace ? safeName(plan.stream.namespace, BOOKS, names) : this.schema;
    const table = await newTable(plan, {
      schema,
      names,
      connection: this.job!.connection,
      place: this.database.file,
      owners: await this.ledger.owners(this.db, schema),
      chosen: this.tables.values(),
      exists: (table) => tableExists(this.db, table),
    });
    return this.qualified(table);
  }

  /** In `shop.duckdb` the database is called `shop`, and `shop.orders` could be meant in two ways. */
  private qualified(table: TableName): TableName {
    return table.schema.toLowerCase() === this.catalog.toLowerCase() ? { ...table, catalog: this.catalog } : table;
  }

  private async prepareTables(plan: StreamPlan, final: TableName): Promise<void> {
    const table = writeTable(plan, final);
    const next = nextOf(final);
    this.watch.begin(plan, await readColumns(this.db, final));
    if (plan.begin === 'anew' || table === final) await this.db.run(`DROP TABLE IF EXISTS ${sqlName(next)}`);
    if (table !== final && plan.begin === 'anew') {
      await createTable(this.db, table, successorColumns(plan.schema, await readColumns(this.db, final)));
      return;
    }
    const columns = await readColumns(this.db, table);
    if (!(await tableExists(this.db, table))) {
      await createTable(this.db, table, successorColumns(plan.schema, columns));
      return;
    }
    await evolveTable(this.db, table, columns, declaredFields(plan.schema), (change) =>
      this.watch.changed(plan, change),
    );
    // In this order: DuckDB cannot commit a table that was altered after rows were deleted from it.
    if (plan.partialGeneration !== undefined) {
      await this.db.run(`DELETE FROM ${sqlName(table)} WHERE _airbyte_generation_id = ${plan.partialGeneration}`);
    }
  }
}
