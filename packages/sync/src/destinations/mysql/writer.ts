import type { JsonObject } from '@tidemark/protocol';
import type { Batch, Job, OpenOptions, StreamPlan, StreamState, WriteResult, Writer } from '../../destination.js';
import { isWhole } from '../../whole-stream.js';
import type { Columns } from '../sql/column.js';
import type { Lease } from '../sql/lease.js';
import type { Ledger } from '../sql/ledger.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import type { RawIds } from '../sql/raw-id.js';
import { refuseEmpty } from '../sql/refuse-empty.js';
import { META_BEGIN } from '../sql/row-meta.js';
import type { TableName } from '../sql/sql-database.js';
import { writeTable } from '../sql/stored-tables.js';
import type { Database } from './database.js';
import { sqlName } from './dialect.js';
import { refuseInexactKeys } from './inexact-keys.js';
import { ensureKey, keyOf } from './key.js';
import { append, mergeByKey, prepareMerge, removeDuplicates } from './merge.js';
import { droppedRows, endOfUnit, OF_UNIT, StagedRows } from './staged-rows.js';
import { hasRows, readColumns, tableExists } from './table.js';
import type { Notes } from './under-way.js';

/** What the writers of a session share. */
export interface WriterContext {
  job: Job;
  options: OpenOptions;
  ids: RawIds;
  books: LedgerDialect;
  ledger: Ledger;
  lease: Lease;
  notes: Notes;
}

/** A stream with the table that its rows go to, and the one that it is in the end. */
interface Target {
  plan: StreamPlan;
  table: TableName;
  final: TableName;
  columns: Columns;
  staged: StagedRows;
  /** Units whose committed rows go with the next commit. */
  restarts: Set<string>;
  finished: boolean;
}

/** The job that wrote a row, as it stands in its `_airbyte_meta`. */
const SINCE = `CAST(SUBSTRING_INDEX(SUBSTRING(_airbyte_meta, ${META_BEGIN.length + 1}), ',', 1) AS SIGNED) >= $3`;

let staging = 0;

/** A connection of its own: its streams' transactions wait for nobody else's. */
export class MysqlWriter implements Writer {
  private readonly targets = new Map<string, Target>();

  private constructor(
    private readonly db: Database,
    private readonly context: WriterContext,
  ) {}

  static async create(
    db: Database,
    context: WriterContext,
    streams: readonly { plan: StreamPlan; table: TableName }[],
  ): Promise<MysqlWriter> {
    const made = new MysqlWriter(db, context);
    const { books, ids, lease } = context;
    for (const { plan, table: final } of streams) {
      const table = writeTable(plan, final);
      const columns = await readColumns(db, books, table);
      const name = `_tidemark_rows_${++staging}`;
      const staged = new StagedRows({ db, books, ids, lease, plan, table, columns, name });
      made.targets.set(plan.key, { plan, table, final, columns, staged, restarts: new Set(), finished: false });
    }
    return made;
  }

  async write(stream: string, batch: Batch): Promise<WriteResult> {
    const { plan, staged } = this.target(stream);
    refuseInexactKeys(plan, batch);
    return staged.write(batch);
  }

  async restart(stream: string, unit: string): Promise<number> {
    const { plan, staged, table, restarts } = this.target(stream);
    if (isWhole(plan, unit)) {
      await staged.clear();
      restarts.add(unit);
      return 0;
    }
    // A deduplicated stream's rows are replaced by the ones that come again; deleting them could uncover nothing older.
    if (plan.destinationSyncMode === 'append_dedup') return 0;
    const removed = await staged.remove(unit);
    if (restarts.has(unit)) return removed;
    restarts.add(unit);
    const { n } = await this.db.one(`SELECT count(*) AS n FROM ${sqlName(table)} WHERE ${OF_UNIT} AND ${SINCE}`, [
      ...endOfUnit(unit),
      plan.openSince,
    ]);
    return removed + Number(n);
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    await this.makeKeys();
    await this.store(states, false, shared);
    await this.forget();
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    const { db, context } = this;
    const target = this.target(state.stream);
    if (target.finished) return;
    const { plan, table, final } = target;
    await this.makeKeys();
    if (table === final) {
      await this.store([state], true, shared);
    } else {
      const swap = { what: 'swap', stream: plan.stream, table: final } as const;
      await this.store([state], false, shared, async () => {
        if (!plan.replaceWithEmpty && !(await hasRows(db, table)) && (await tableExists(db, final))) {
          if (await hasRows(db, final)) throw refuseEmpty(plan, `${final.schema}.${final.name}`);
        }
        await context.notes.write(db, swap);
      });
      await context.notes.guarded(db, context.lease, () => context.notes.carryOut(db, swap));
    }
    target.finished = true;
    await this.forget();
  }

  async rollback(): Promise<void> {
    await this.forget();
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  private target(stream: string): Target {
    const target = this.targets.get(stream);
    if (!target) throw new Error(`the writer was not made for stream ${stream}`);
    return target;
  }

  /** What tables are deduplicated by: made before the transaction, which it would end. */
  private async makeKeys(): Promise<void> {
    for (const { plan, table, columns, staged } of this.targets.values()) {
      const expression = keyOf(plan, columns);
      if (!expression || staged.rows === 0) continue;
      const into = sqlName(table);
      if (await ensureKey(this.db, into, expression, 'table')) await removeDuplicates(this.db, { into, columns, plan });
      await ensureKey(this.db, staged.sql, expression, 'staged');
      await prepareMerge(this.db, { into, from: staged.sql, columns, plan });
    }
  }

  /** Rows and states in one transaction, in which the lease is checked last: nobody can take it before the end. */
  private async store(
    states: readonly StreamState[],
    complete: boolean,
    shared: JsonObject | undefined,
    more?: () => Promise<void>,
  ): Promise<void> {
    const { db } = this;
    const { ledger, lease, job, ids, options } = this.context;
    await db.transaction(async () => {
      for (const target of this.targets.values()) await this.move(target);
      await more?.();
      await lease.check(db);
      const note = { mark: ids.mark, complete, now: options.clock() };
      for (const state of states) {
        await ledger.storeState(db, job.connection, this.target(state.stream).plan, state, note);
      }
      if (shared) await ledger.storeShared(db, job.connection, shared, note.now);
    });
  }

  /** The staged rows go into the table. */
  private async move({ plan, table, columns, staged, restarts, finished }: Target): Promise<void> {
    const { db } = this;
    if (finished) return;
    const into = sqlName(table);
    for (const unit of restarts) {
      if (isWhole(plan, unit)) await db.run(`DELETE FROM ${into}`);
      else await db.run(`DELETE FROM ${into} WHERE ${OF_UNIT} AND ${SINCE}`, [...endOfUnit(unit), plan.openSince]);
    }
    if (staged.rows === 0) return;
    const merge = { into, from: staged.sql, columns, plan };
    if (keyOf(plan, columns)) {
      await mergeByKey(db, merge);
      return;
    }
    const taken = await append(db, merge);
    if (taken === staged.rows) return;
    throw droppedRows(plan, staged.rows, taken);
  }

  private async forget(): Promise<void> {
    for (const { staged, restarts } of this.targets.values()) {
      await staged.clear();
      restarts.clear();
    }
  }
}
