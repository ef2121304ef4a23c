import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { Batch, Job, OpenOptions, StreamPlan, StreamState, WriteResult, Writer } from '../../destination.js';
import { isWhole } from '../../whole-stream.js';
import type { Ledger } from '../sql/ledger.js';
import type { RawIds } from '../sql/raw-id.js';
import { refuseEmpty } from '../sql/refuse-empty.js';
import type { TableName } from '../sql/sql-database.js';
import { writeTable } from '../sql/stored-tables.js';
import type { Duck } from './chunk.js';
import { literal, quote } from './column.js';
import type { Db } from './database.js';
import { removeSuperseded } from './dedup.js';
import type { LogGate } from './log-gate.js';
import type { MemoryLimit } from './memory.js';
import { deleteAfter, isAfter, readColumns, sqlName, tableExists, writeColumns } from './table.js';
import { TableWriter } from './table-writer.js';

/** What the writers of a session share. */
export interface WriterContext {
  duck: Duck;
  job: Job;
  options: OpenOptions;
  ledger: Ledger;
  ids: RawIds;
  gate: LogGate;
  memory: MemoryLimit;
  /** `infinity` and `-infinity` stay what they are: a file of the table would hold some far day instead. */
  takesEnds: boolean;
}

/** A stream with the table that its rows go to, and the one that it is in the end. */
interface Target {
  plan: StreamPlan;
  table: TableName;
  final: TableName;
  writer: TableWriter;
  /** The last raw id's millisecond before the rows that no state covers yet. */
  mark: number;
  /** How many such rows the table was given. */
  taken: number;
  /** Some of them are committed: see `commitPart`. */
  uncovered: boolean;
  /** Rows that go with the next state: SQL of which, and the last raw id's millisecond of those that are meant. */
  leaving: Map<string, number>;
  finished: boolean;
}

/** A connection of its own: its streams' transactions wait for nobody else's. */
export class DuckDbWriter implements Writer {
  private readonly targets = new Map<string, Target>();
  private open = false;

  private constructor(
    private readonly db: Db,
    private readonly context: WriterContext,
  ) {}

  static async create(
    db: Db,
    context: WriterContext,
    streams: readonly { plan: StreamPlan; table: TableName }[],
  ): Promise<DuckDbWriter> {
    const made = new DuckDbWriter(db, context);
    for (const { plan, table: final } of streams) {
      const table = writeTable(plan, final);
      const writer = new TableWriter(db, context, plan, table, await readColumns(db, table));
      made.targets.set(plan.key, {
        plan,
        table,
        final,
        writer,
        mark: context.ids.mark,
        taken: 0,
        uncovered: false,
        leaving: new Map(),
        finished: false,
      });
    }
    return made;
  }

  get wantsCommit(): boolean {
    if (!this.open) return false;
    if (this.context.gate.isClosing) return true;
    for (const { writer } of this.targets.values()) if (writer.wantsCommit) return true;
    return false;
  }

  async write(stream: string, batch: Batch): Promise<WriteResult> {
    const target = this.target(stream);
    if (this.open && target.writer.isHeavy) await this.commitPart();
    await this.begin();
    const result = await target.writer.write(batch);
    target.taken += result.tally.rows;
    return result;
  }

  /**
   * The rows go when a state is stored: DuckDB cannot commit a table from which rows were deleted before a column was added or
   * widened, and the rows that come again may bring one.
   */
  async restart(stream: string, unit: string): Promise<number> {
    await this.begin();
    const { writer, table, plan, leaving } = this.target(stream);
    const all = isWhole(plan, unit);
    // A deduplicated stream's rows are replaced by the ones that come again; deleting them could uncover nothing older.
    if (!all && plan.destinationSyncMode === 'append_dedup') return 0;
    writer.flush();
    const ofUnit = all
      ? 'TRUE'
      : `json_extract_string(_airbyte_meta, '$.unit') = ${literal(unit)}
          AND CAST(json_extract(_airbyte_meta, '$.sync_id') AS BIGINT) >= ${plan.openSince}`;
    const since = leaving.get(ofUnit);
    const until = this.context.ids.mark;
    leaving.set(ofUnit, until);
    if (all) return 0;
    const counted = since === undefined ? '' : ` AND ${isAfter(since)}`;
    const { rows } = await this.db.one(`SELECT count(*) AS rows FROM ${sqlName(table)} WHERE ${ofUnit}${counted}`);
    if (Number(rows) === 0 && since === undefined) leaving.delete(ofUnit);
    return Number(rows);
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    await this.begin();
    for (const state of states) await this.store(state, false);
    await this.end(shared);
    for (const { stream } of states) this.target(stream).uncovered = false;
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    const target = this.target(state.stream);
    if (target.finished) return;
    await this.begin();
    await this.store(state, true);
    if (target.plan.minimumGeneration > 0) await this.swap(target);
    await this.end(shared);
    target.uncovered = false;
    target.finished = true;
  }

  async rollback(): Promise<void> {
    for (const { writer } of this.targets.values()) writer.discard();
    if (this.open) {
      await this.db.run('ROLLBACK');
      await this.left();
    }
    for (const target of this.targets.values()) {
      target.leaving.clear();
      if (target.uncovered) await this.takeBack(target);
    }
    for (const target of this.targets.values()) await target.writer.reset(await readColumns(this.db, target.table));
  }

  async close(): Promise<void> {
    for (const { writer } of this.targets.values()) writer.discard();
    if (this.open) {
      await this.db.run('ROLLBACK').catch(() => undefined);
      await this.left().catch(() => undefined);
    }
    this.db.connection.closeSync();
    for (const { writer } of this.targets.values()) this.context.memory.release(writer);
  }

  private async left(): Promise<void> {
    this.open = false;
    for (const { writer } of this.targets.values()) writer.ended();
    await this.context.gate.leave();
  }

  private target(stream: string): Target {
    const target = this.targets.get(stream);
    if (!target) throw new Error(`the writer was not made for stream ${stream}`);
    return target;
  }

  private async begin(): Promise<void> {
    if (this.open) return;
    await this.context.gate.enter();
    this.open = true;
    await this.db.run('BEGIN');
    for (const target of this.targets.values()) {
      if (target.uncovered) continue;
      target.mark = this.context.ids.mark;
      target.taken = 0;
    }
  }

  /**
   * Commits large rows before a state covers them, with a note in the books: whoever goes on from the state before takes them
   * back first. DuckDB holds all values of 2,048 rows that are committed together in memory, so that a transaction of many
   * large ones would take gigabytes.
   */
  private async commitPart(): Promise<void> {
    const { ledger, job } = this.context;
    for (const target of this.targets.values()) {
      target.writer.flush();
      if (target.taken === 0 || target.uncovered) continue;
      await ledger.setUncovered(this.db, job.connection, target.plan.stream, true);
      target.uncovered = true;
    }
    await this.db.run('COMMIT');
    await this.left();
  }

  private async takeBack(target: Target): Promise<void> {
    const { ledger, job } = this.context;
    await this.db.transaction(async () => {
      await deleteAfter(this.db, target.table, target.mark);
      await ledger.setUncovered(this.db, job.connection, target.plan.stream, false);
    });
    target.uncovered = false;
  }

  private async end(shared: JsonObject | undefined): Promise<void> {
    const { ledger, job, options } = this.context;
    if (shared) await ledger.storeShared(this.db, job.connection, shared, options.clock());
    for (const { writer } of this.targets.values()) writer.flush();
    await this.db.run('COMMIT');
    await this.left();
  }

  private async store(state: StreamState, complete: boolean): Promise<void> {
    const target = this.target(state.stream);
    const { plan, writer, table, mark, taken, leaving } = target;
    writer.flush();
    if (taken > 0) await this.compare(target);
    for (const [which, until] of leaving)
      await this.db.run(`DELETE FROM ${sqlName(table)} WHERE ${which} AND NOT ${isAfter(until)}`);
    leaving.clear();
    if (plan.destinationSyncMode.endsWith('_dedup') && taken > 0) {
      await removeSuperseded(this.db, sqlName(table), writer.columns, plan, mark);
    }
    const { ledger, job, ids, options } = this.context;
    await ledger.storeState(this.db, job.connection, plan, state, { mark: ids.mark, complete, now: options.clock() });
  }

  /** The appender says nothing about what became of its rows: the table does. */
  private async compare({ plan, table, mark, taken }: Target): Promise<void> {
    const { rows } = await this.db.one(`SELECT count(*) AS rows FROM ${sqlName(table)} WHERE ${isAfter(mark)}`);
    if (Number(rows) === taken) return;
    throw new ConnectorError(
      'system',
      `dropped records: ${taken} rows were given to ${sqlName(table)} since the last checkpoint and it has ${rows} of them. None of them was committed.`,
      { stream: plan.stream.name },
    );
  }

  /** The new table takes the old one's place. In the transaction of the last rows: no reader sees anything between. */
  private async swap({ plan, table, final, writer }: Target): Promise<void> {
    if (!(await tableExists(this.db, table))) return;
    if (!plan.replaceWithEmpty && (await this.isEmpty(table)) && !(await this.isEmpty(final))) {
      await this.rollback();
      throw refuseEmpty(plan, `${final.schema}.${final.name}`);
    }
    await this.db.run(`DROP TABLE IF EXISTS ${sqlName(final)}`);
    await this.db.run(`ALTER TABLE ${sqlName(table)} RENAME TO ${quote(final.name)}`);
    await this.db.run('DELETE FROM _tidemark.columns WHERE schema_name = $1 AND table_name = $2', [
      table.schema,
      table.name,
    ]);
    await writeColumns(this.db, final, writer.columns);
  }

  private async isEmpty(table: TableName): Promise<boolean> {
    if (!(await tableExists(this.db, table))) return true;
    return (await this.db.all(`SELECT 1 AS one FROM ${sqlName(table)} LIMIT 1`)).length === 0;
  }
}
