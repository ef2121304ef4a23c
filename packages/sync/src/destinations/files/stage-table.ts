import type { Batch, StreamPlan, WriteResult } from '../../destination.js';
import { estimateBytes } from '../../size.js';
import { literal } from '../duckdb/column.js';
import type { Db } from '../duckdb/database.js';
import { createTable, sqlName, widenColumn } from '../duckdb/table.js';
import { TableWriter } from '../duckdb/table-writer.js';
import type { Columns } from '../sql/column.js';
import type { FilesContext } from './context.js';

/** More units than this are not counted one by one. */
const UNITS_MAX = 200;

/** The rows of one stream that are not committed, typed, in the embedded DuckDB. */
export class StageTable {
  rows = 0;
  private bytes = 0;
  private units: Map<string, number> | undefined = new Map();

  private constructor(
    private readonly db: Db,
    private readonly context: FilesContext,
    private readonly table: { schema: string; name: string },
    private readonly writer: TableWriter,
  ) {}

  /** `committed`: SQL of the stream's rows in files, which a wider column has to hold too. */
  static async create(
    db: Db,
    context: FilesContext,
    plan: StreamPlan,
    columns: Columns,
    committed: () => Promise<string | undefined>,
  ): Promise<StageTable> {
    const table = { schema: 'main', name: context.staging.tableName() };
    const all = async () => {
      const others = await committed();
      return others ? `(FROM ${sqlName(table)} UNION ALL BY NAME (${others}))` : sqlName(table);
    };
    const { staging, ids } = context;
    // Parquet knows no infinity: readers would see some far day.
    const own = { duck: staging.duck, ids, memory: staging.memory, takesEnds: false };
    const writer = new TableWriter(db, own, plan, table, columns, all);
    await createTable(db, table, columns);
    return new StageTable(db, context, table, writer);
  }

  get columns(): Columns {
    return this.writer.columns;
  }

  /** The rows are large, and as many as should be in one commit. */
  get wantsCommit(): boolean {
    return this.writer.wantsCommit;
  }

  /** So much of large rows waits that DuckDB would hold all of it in memory to write it. */
  get isHeavy(): boolean {
    return this.writer.isHeavy;
  }

  get sql(): string {
    return sqlName(this.table);
  }

  get rowBytes(): number {
    return this.bytes / Math.max(1, this.rows);
  }

  /** How many rows there are of which unit, where that is known. */
  get rowsByUnit(): Record<string, number> | undefined {
    return this.units && Object.fromEntries(this.units);
  }

  async write(batch: Batch): Promise<WriteResult> {
    const result = await this.writer.write(batch);
    for (const { unit, records } of batch.pages) {
      this.units?.set(unit, (this.units.get(unit) ?? 0) + records.length);
      if (this.units && this.units.size > UNITS_MAX) this.units = undefined;
      this.bytes += estimateBytes(records);
    }
    this.rows += result.tally.rows;
    return result;
  }

  flush(): void {
    this.writer.flush();
  }

  /** Deletes a unit's rows and says how many they were. */
  async deleteUnit(unit: string): Promise<number> {
    this.flush();
    if (this.rows === 0 || (this.units && !this.units.has(unit))) return 0;
    const { Count } = await this.db.one(`DELETE FROM ${this.sql} WHERE ${isOfUnit(unit)}`);
    this.rows -= Number(Count);
    this.units?.delete(unit);
    return Number(Count);
  }

  async widen(name: string, type: string): Promise<void> {
    const column = this.columns.list.find((one) => one.name === name)!;
    await widenColumn(this.db, this.table, column, column.kind, type);
  }

  /** Empties it; the next rows find these columns. */
  async reset(columns: Columns): Promise<void> {
    this.writer.discard();
    await this.drop();
    await createTable(this.db, this.table, columns);
    this.writer.reset(columns);
    this.writer.ended();
    this.rows = 0;
    this.bytes = 0;
    this.units = new Map();
  }

  async close(): Promise<void> {
    this.writer.discard();
    await this.drop().catch(() => undefined);
    this.context.staging.memory.release(this.writer);
  }

  private async drop(): Promise<void> {
    await this.db.run(`DROP TABLE IF EXISTS ${this.sql}`);
  }
}

/** SQL: the row was written for this unit. */
export function isOfUnit(unit: string): string {
  return `json_extract_string(_airbyte_meta, '$.unit') = ${literal(unit)}`;
}
