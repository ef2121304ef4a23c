import { type JsonObject, streamKey } from '@tidemark/protocol';
import type {
  AttemptSummary,
  Job,
  JobOutcome,
  OpenOptions,
  ResetOrder,
  Session,
  StoredAttempt,
  StoredJob,
  StreamPlan,
  Writer,
} from '../../destination.js';
import { declaredFields, successorColumns } from '../sql/column.js';
import type { Lease } from '../sql/lease.js';
import { Ledger, type StreamRow } from '../sql/ledger.js';
import { booksAreThere } from '../sql/ledger-tables.js';
import { safeName } from '../sql/naming.js';
import { BOOKS, newTable } from '../sql/new-table.js';
import { nothingStored } from '../sql/nothing-stored.js';
import { RawIds } from '../sql/raw-id.js';
import { refuseLoss } from '../sql/refuse-loss.js';
import { SchemaWatch } from '../sql/schema-watch.js';
import type { TableName } from '../sql/sql-database.js';
import { dropOrphanedState, nextOf, writeTable } from '../sql/stored-tables.js';
import { POSTGRES_COLUMNS, sqlName } from './columns.js';
import { Pg, placeOf } from './database.js';
import { type Held, holdConnection } from './hold.js';
import type { PostgresSettings } from './kind.js';
import { postgresLedger } from './ledger-dialect.js';
import { createTable, dropTable, evolveTable, readColumns, tableExists } from './table.js';
import { PostgresWriter } from './writer.js';

/** Opens the database for one sync of a connection, and takes its lease. */
export async function openSession(settings: PostgresSettings, options: OpenOptions): Promise<Session> {
  const held = options.readOnly ? undefined : await holdConnection(settings, postgresLedger, options);
  try {
    const db = await Pg.connect(settings);
    if (held || (await booksAreThere(db, postgresLedger))) return new PostgresSession(db, settings, options, held);
    await db.close();
    return nothingStored;
  } catch (error) {
    await held?.close();
    throw error;
  }
}

class PostgresSession implements Session {
  private rows = new Map<string, StreamRow>();
  private readonly tables = new Map<string, TableName>();
  private readonly ledger = new Ledger(postgresLedger);
  private ids: RawIds;
  private job: Job | undefined;
  private readonly watch: SchemaWatch;
  /** The writers' own connections. */
  private readonly writing = new Set<Pg>();

  constructor(
    private readonly db: Pg,
    private readonly settings: PostgresSettings,
    private readonly options: OpenOptions,
    private readonly hold?: Held,
  ) {
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

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    this.job = job;
    const now = this.options.clock();
    await this.held(async () => {
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
    const db = await Pg.connect(this.settings);
    this.writing.add(db);
    const { ids, ledger, options } = this;
    try {
      return await PostgresWriter.create(
        db,
        { job: this.job!, options, ids, ledger, lease: this.leased() },
        plans.map((plan) => ({ plan, table: this.tables.get(plan.key)! })),
      );
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.ledger.history(this.db, connection, limit);
  }

  async reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    await this.held(async () => {
      const rows = await this.ledger.streams(this.db, connection);
      const known = new Map(rows.map((row) => [streamKey(row.stream), row.table]));
      for (const { stream, what } of orders) {
        const table = known.get(streamKey(stream));
        if (!table || what === 'merge' || what === 'truncate') continue;
        await dropTable(this.db, nextOf(table));
        // Truncating takes no time and leaves nothing to clean up, and what reads the table (views, grants) stays.
        if (what === 'clear' && (await tableExists(this.db, table))) await this.db.run(`TRUNCATE ${sqlName(table)}`);
      }
      await this.ledger.reset(this.db, connection, orders, shared, this.options.clock());
    });
  }

  async end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    await this.watch.end((plan) => readColumns(this.db, this.tables.get(plan.key)!));
    await this.held(() => this.ledger.endAttempt(this.db, job, outcome, summary, this.options.clock()));
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.hold?.close();
  }

  leave(): void {
    for (const db of [this.db, ...this.writing]) db.cut();
    this.hold?.cut();
  }

  /** A transaction that is committed only while the lease is ours. */
  private async held(work: () => Promise<void>): Promise<void> {
    const lease = this.leased();
    await this.db.transaction(async () => {
      await work();
      await lease.check(this.db);
    });
  }

  private leased(): Lease {
    if (!this.hold) throw new Error('the destination was opened to look only');
    return this.hold.lease;
  }

  /** Half-read tables of an abandoned job whose streams are not in this one. */
  private async dropLeftOvers(plans: readonly StreamPlan[]): Promise<void> {
    const planned = new Set(plans.map((plan) => plan.key));
    for (const [key, row] of this.rows)
      if (!planned.has(key) && row.syncMode === 'full_refresh') await dropTable(this.db, nextOf(row.table));
  }

  private async newTableName(plan: StreamPlan): Promise<TableName> {
    const { names } = POSTGRES_COLUMNS;
    const { namespace } = plan.stream;
    const schema = namespace ? safeName(namespace, BOOKS, names) : (this.settings.schema ?? 'public');
    return newTable(plan, {
      schema,
      names,
      connection: this.job!.connection,
      place: placeOf(this.settings),
      owners: await this.ledger.owners(this.db, schema),
      chosen: this.tables.values(),
      exists: (table) => tableExists(this.db, table),
    });
  }

  private async prepareTables(plan: StreamPlan, final: TableName): Promise<void> {
    const { db } = this;
    const table = writeTable(plan, final);
    const next = nextOf(final);
    this.watch.begin(plan, await readColumns(db, final));
    if (plan.begin === 'anew' || table === final) await dropTable(db, next);
    if (table !== final && plan.begin === 'anew') {
      await createTable(db, table, successorColumns(plan.schema, await readColumns(db, final)));
      return;
    }
    const columns = await readColumns(db, table);
    if (!(await tableExists(db, table))) {
      await createTable(db, table, successorColumns(plan.schema, columns));
      return;
    }
    if (plan.partialGeneration !== undefined) {
      await db.run(`DELETE FROM ${sqlName(table)} WHERE _airbyte_generation_id = ${plan.partialGeneration}`);
    }
    await evolveTable(db, table, columns, declaredFields(plan.schema), (change) => this.watch.changed(plan, change));
  }
}
