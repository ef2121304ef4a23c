import { streamKey } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type {
  AttemptSummary,
  Destination,
  Job,
  JobOutcome,
  OpenOptions,
  Session,
  StoredJob,
  StreamPlan,
  Writer,
} from '../destination.js';
import { declaredFields, safeName } from './duckdb/column.js';
import { Database, type DatabaseOptions, type Db } from './duckdb/database.js';
import {
  beginAttempt,
  beginStream,
  endAttempt,
  loadJob,
  loadStreams,
  prepareLedger,
  type StreamRow,
} from './duckdb/ledger.js';
import { LogGate } from './duckdb/log-gate.js';
import { MemoryLimit } from './duckdb/memory.js';
import { RawIds } from './duckdb/raw-id.js';
import {
  createTable,
  evolveTable,
  nextOf,
  readColumns,
  sqlName,
  successorColumns,
  type TableName,
  tableExists,
} from './duckdb/table.js';
import { DuckDbWriter, writeTable } from './duckdb/writer.js';

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
      const database = await Database.open(options.path, {
        memoryLimit: options.memoryLimit,
        threads: options.threads ?? 2,
      });
      try {
        const db = await database.connect();
        await db.run("SET TimeZone = 'UTC'");
        await prepareLedger(db);
        return new DuckDbSession(database, db, options, run);
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
  private ids: RawIds;
  private readonly gate: LogGate;
  private readonly memory: MemoryLimit;
  private readonly schema: string;
  private job: Job | undefined;

  constructor(
    private readonly database: Database,
    private readonly db: Db,
    settings: DuckDbOptions,
    private readonly options: OpenOptions,
  ) {
    this.schema = settings.schema ?? 'main';
    this.memory = new MemoryLimit(db, settings.memoryLimit !== undefined);
    this.gate = new LogGate(db, database.file);
    this.ids = new RawIds(options.clock);
  }

  async load(connection: string): Promise<StoredJob | undefined> {
    const rows = await loadStreams(this.db, connection);
    for (const row of rows) await this.dropOrphanedState(row);
    this.rows = new Map(rows.map((row) => [streamKey(row.stream), row]));
    this.ids = new RawIds(this.options.clock, Math.max(0, ...rows.map((row) => row.rawIdMark)));
    return loadJob(this.db, connection, rows);
  }

  /** A state covers rows. Where somebody has dropped the table that had them, the state would leave them out for ever. */
  private async dropOrphanedState(row: StreamRow): Promise<void> {
    const table =
      row.status === 'open' && row.destinationSyncMode.startsWith('overwrite') ? nextOf(row.table) : row.table;
    if (row.state === undefined || (await tableExists(this.db, table))) return;
    this.options.log(
      'WARN',
      `Table ${table.schema}.${table.name} is gone: stream ${row.stream.name} is read from the beginning.`,
    );
    row.state = undefined;
    row.status = 'open';
    row.rows = 0;
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    this.job = job;
    const now = this.options.clock();
    await this.db.transaction(async () => {
      await beginAttempt(this.db, job, now);
      if (job.attempt === 1) await this.dropLeftOvers(plans);
      for (const plan of plans) {
        const row = this.rows.get(plan.key);
        const table = row?.table ?? (await this.newTableName(plan));
        this.tables.set(plan.key, table);
        await this.prepareTables(plan, table);
        await beginStream(this.db, job, plan, row, table, now);
      }
    });
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    const db = await this.database.connect();
    const { gate, ids, memory } = this;
    const context = { duck: this.database.duck, job: this.job!, clock: this.options.clock, ids, gate, memory };
    return DuckDbWriter.create(
      db,
      context,
      plans.map((plan) => ({ plan, table: this.tables.get(plan.key)! })),
    );
  }

  async end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    await this.db.transaction(() => endAttempt(this.db, job, outcome, summary, this.options.clock()));
  }

  async close(): Promise<void> {
    try {
      this.db.connection.closeSync();
    } finally {
      this.database.close();
    }
  }

  /** Half-read tables of an abandoned job whose streams are not in this one. */
  private async dropLeftOvers(plans: readonly StreamPlan[]): Promise<void> {
    const planned = new Set(plans.map((plan) => plan.key));
    for (const [key, row] of this.rows) {
      if (!planned.has(key)) await this.db.run(`DROP TABLE IF EXISTS ${sqlName(nextOf(row.table))}`);
    }
  }

  /** A table that Tidemark did not make is never touched. */
  private async newTableName(plan: StreamPlan): Promise<TableName> {
    const schema = plan.stream.namespace ? safeName(plan.stream.namespace, new Set(['_tidemark'])) : this.schema;
    const ours = await this.db.all(
      'SELECT connection, name, table_name FROM _tidemark.streams WHERE table_schema = $1',
      [schema],
    );
    const mine = new Set(
      ours.filter((row) => row.connection === this.job!.connection).map((row) => String(row.table_name).toLowerCase()),
    );
    for (const table of this.tables.values()) if (table.schema === schema) mine.add(table.name.toLowerCase());
    const name = safeName(plan.stream.name, mine);
    const owner = ours.find((row) => String(row.table_name).toLowerCase() === name.toLowerCase());
    if (owner || (await tableExists(this.db, { schema, name }))) {
      const whose = owner ? `belongs to the connection '${owner.connection}'` : 'was not made by Tidemark';
      throw new ConnectorError(
        'config',
        `Table ${schema}.${name} in ${this.database.file} ${whose}. Write this connection to another schema or file, or move that table away.`,
        { stream: plan.stream.name },
      );
    }
    return { schema, name };
  }

  private async prepareTables(plan: StreamPlan, final: TableName): Promise<void> {
    const table = writeTable(plan, final);
    const next = nextOf(final);
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
    if (plan.partialGeneration !== undefined) {
      await this.db.run(`DELETE FROM ${sqlName(table)} WHERE _airbyte_generation_id = ${plan.partialGeneration}`);
    }
    await evolveTable(this.db, table, columns, declaredFields(plan.schema));
  }
}
