import type { JsonObject } from '@tidemark/protocol';
import type { Batch, Job, OpenOptions, StreamPlan, StreamState, WriteResult, Writer } from '../../destination.js';
import { isWhole } from '../../whole-stream.js';
import type { Lease } from '../sql/lease.js';
import type { Ledger } from '../sql/ledger.js';
import type { RawIds } from '../sql/raw-id.js';
import type { TableName } from '../sql/sql-database.js';
import { writeTable } from '../sql/stored-tables.js';
import { sqlName } from './columns.js';
import type { Pg } from './database.js';
import { keyParts, makeKeyIndex } from './key-index.js';
import { merge } from './merge.js';
import { swap } from './swap.js';
import { readColumns } from './table.js';
import { TableWriter } from './table-writer.js';

/** What the writers of a session share. */
export interface WriterContext {
  job: Job;
  options: OpenOptions;
  ids: RawIds;
  ledger: Ledger;
  lease: Lease;
}

/** A stream with the table that its rows go to, and the one that it is in the end. */
interface Target {
  plan: StreamPlan;
  table: TableName;
  final: TableName;
  /** In dedup modes: the temporary table in which the transaction's rows wait for the merge. */
  stage?: string;
  writer: TableWriter;
  /** The open transaction has rows of it. */
  written: boolean;
  finished: boolean;
}

/** A connection of its own: its streams' transactions wait for nobody else's. */
export class PostgresWriter implements Writer {
  private readonly targets = new Map<string, Target>();
  private open = false;

  private constructor(
    private readonly db: Pg,
    private readonly context: WriterContext,
  ) {}

  static async create(
    db: Pg,
    context: WriterContext,
    streams: readonly { plan: StreamPlan; table: TableName }[],
  ): Promise<PostgresWriter> {
    const made = new PostgresWriter(db, context);
    for (const [index, { plan, table: final }] of streams.entries()) {
      const table = writeTable(plan, final);
      const stage = plan.destinationSyncMode.endsWith('_dedup') ? `pg_temp._tidemark_stage_${index}` : undefined;
      const writer = new TableWriter(db, context.ids, plan, { table, stage }, await readColumns(db, table));
      made.targets.set(plan.key, { plan, table, final, stage, writer, written: false, finished: false });
    }
    return made;
  }

  async write(stream: string, batch: Batch): Promise<WriteResult> {
    await this.begin();
    const target = this.target(stream);
    if (target.stage !== undefined && !target.written) {
      const name = target.stage.replace('pg_temp.', '');
      await this.db.run(`CREATE TEMPORARY TABLE ${name} (LIKE ${sqlName(target.table)}) ON COMMIT DROP`);
    }
    target.written = true;
    return target.writer.write(batch);
  }

  async restart(stream: string, unit: string): Promise<number> {
    await this.begin();
    const { table, plan, stage, written } = this.target(stream);
    const places = stage !== undefined && written ? [sqlName(table), stage] : [sqlName(table)];
    if (isWhole(plan, unit)) {
      for (const place of places) await this.db.run(`DELETE FROM ${place}`);
      return 0;
    }
    // A deduplicated stream's rows are replaced by the ones that come again; deleting them could uncover nothing older.
    if (plan.destinationSyncMode === 'append_dedup') return 0;
    let gone = 0;
    for (const place of places) {
      gone += await this.db.change(
        `DELETE FROM ${place} WHERE _airbyte_meta ->> 'unit' = $1 AND (_airbyte_meta ->> 'sync_id')::bigint >= $2`,
        [Buffer.from(unit.replaceAll('\u0000', '\ufffd')).toString(), plan.openSince],
      );
    }
    return gone;
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    await this.begin();
    for (const state of states) await this.store(state, false);
    await this.end(shared);
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    const { plan, table, final, writer, finished } = this.target(state.stream);
    if (finished) return;
    await this.begin();
    await this.store(state, true);
    try {
      if (plan.minimumGeneration > 0) await swap(this.db, plan, table, final, writer.columns);
    } catch (error) {
      await this.rollback().catch(() => undefined);
      throw error;
    }
    await this.end(shared);
    this.target(state.stream).finished = true;
  }

  async rollback(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.db.run('ROLLBACK');
    for (const target of this.targets.values()) target.writer.reset(await readColumns(this.db, target.table));
  }

  /** The server rolls back what is open when the connection ends. */
  async close(): Promise<void> {
    await this.db.close();
  }

  private target(stream: string): Target {
    const target = this.targets.get(stream);
    if (!target) throw new Error(`the writer was not made for stream ${stream}`);
    return target;
  }

  private async begin(): Promise<void> {
    if (this.open) return;
    await this.db.run('BEGIN');
    this.open = true;
    for (const target of this.targets.values()) target.written = false;
  }

  /** Only who holds the lease may commit; while that is looked at and committed, nobody can take it. */
  private async end(shared: JsonObject | undefined): Promise<void> {
    const { ledger, job, options, lease } = this.context;
    if (shared) await ledger.storeShared(this.db, job.connection, shared, options.clock());
    await lease.check(this.db);
    await this.db.run('COMMIT');
    this.open = false;
  }

  private async store(state: StreamState, complete: boolean): Promise<void> {
    const { plan, writer, table, final, stage, written } = this.target(state.stream);
    if (stage !== undefined && written) {
      await makeKeyIndex(this.db, table, final, keyParts(writer.columns, plan));
      await merge(this.db, stage, sqlName(table), writer.columns, plan);
    }
    const { ledger, job, ids, options } = this.context;
    await ledger.storeState(this.db, job.connection, plan, state, { mark: ids.mark, complete, now: options.clock() });
  }
}
