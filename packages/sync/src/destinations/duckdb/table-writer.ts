import type { DuckDBType } from '@duckdb/node-api';
import { stringify } from '@tidemark/protocol';
import { changesOf, type RecordChange, type RecordData } from '@tidemark/source';
import { type Batch, type StreamPlan, timeOf, type WriteResult } from '../../destination.js';
import { estimateBytes } from '../../size.js';
import { count, emptyTally } from '../../tally.js';
import { type Column, type Columns, OWN_NAMES, REST_FIELD } from '../sql/column.js';
import type { Change, Problems } from '../sql/problems.js';
import type { TableName } from '../sql/sql-database.js';
import { writeMicros } from '../sql/temporal.js';
import { type Kind, kindOfValue } from '../sql/value-kind.js';
import { CHUNK_ROWS, ChunkAppender, type ColumnData, type Duck } from './chunk.js';
import type { Db } from './database.js';
import { encodeColumn, encodingOf } from './encode.js';
import { addColumn, layoutOf, sqlName, widenColumn, writeColumns } from './table.js';
import { widerType } from './widen.js';
import type { WriterContext } from './writer.js';

/** A chunk is closed at this size, however few rows it has. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Records that are not small on average: DuckDB holds what is committed together in memory, several times over. */
const LARGE_BYTES = 512;
/** They are committed in such pieces, which stay apart: what DuckDB reads together later is no more than that. */
const LARGE_COMMIT_BYTES = 16 * 1024 * 1024;
const OWN = new Set<string>(OWN_NAMES);

/** A row on its way: the record, its page's unit and time. */
interface Rows {
  records: RecordData[];
  units: string[];
  times: number[];
}

/** Fills one table, chunk by chunk, inside the transaction that is open on the connection. */
export class TableWriter {
  private appender: ChunkAppender | undefined;
  private slots: { column?: Column; own?: string }[] = [];
  /** Since the last commit. */
  private rows = 0;
  private bytes = 0;
  private readonly metas = new Map<string, string>();

  constructor(
    private readonly db: Db,
    private readonly context: Pick<WriterContext, 'duck' | 'ids' | 'memory' | 'takesEnds'>,
    private readonly plan: StreamPlan,
    private readonly table: TableName,
    public columns: Columns,
    /** SQL of all rows that a wider column has to hold, where that is more than the table itself. */
    private readonly all: () => Promise<string> = async () => sqlName(table),
  ) {}

  async write(batch: Batch): Promise<WriteResult> {
    let rows: Rows = { records: [], units: [], times: [] };
    let bytes = 0;
    let changed = 0;
    const tally = emptyTally();
    for (const page of batch.pages) {
      const each = estimateBytes(page.records) / Math.max(1, page.records.length);
      for (let index = 0; index < page.records.length; index++) {
        const record = page.records[index]!;
        // The average serves where records are small: only large ones are worth measuring one by one.
        const size = each > 2_000 ? estimateBytes([record]) : each;
        if (rows.records.length === CHUNK_ROWS || (bytes + size > CHUNK_BYTES && rows.records.length > 0)) {
          changed += await this.chunk(rows, bytes);
          rows = { records: [], units: [], times: [] };
          bytes = 0;
        }
        rows.records.push(record);
        rows.units.push(page.unit);
        rows.times.push(timeOf(page, index));
        count(tally, page.hashes[index]!);
        bytes += size;
      }
    }
    if (rows.records.length > 0) changed += await this.chunk(rows, bytes);
    return { changed, tally };
  }

  /** The records are large, and as many as should be in one commit. */
  get wantsCommit(): boolean {
    return this.bytes >= LARGE_COMMIT_BYTES && this.bytes >= this.rows * LARGE_BYTES;
  }

  /** So much of large records is in the open transaction that DuckDB would hold all of it in memory to commit it. */
  get isHeavy(): boolean {
    const vector = this.rows === 0 ? 0 : (this.bytes / this.rows) * Math.min(this.rows, CHUNK_ROWS);
    return vector >= LARGE_COMMIT_BYTES;
  }

  /** The transaction is over. */
  ended(): void {
    this.rows = 0;
    this.bytes = 0;
  }

  /** Everything that was written is in the table. */
  flush(): void {
    const { appender } = this;
    this.appender = undefined;
    try {
      appender?.close();
    } catch (error) {
      throw this.db.error(error);
    }
  }

  /** What the appender still holds is to be forgotten. */
  discard(): void {
    try {
      this.flush();
    } catch {
      // The transaction is going to be rolled back: what could not be flushed was not going to stay.
    }
  }

  reset(columns: Columns): void {
    this.columns = columns;
  }

  private async chunk(rows: Rows, bytes: number): Promise<number> {
    const records = await this.withColumns(rows.records);
    this.rows += records.length;
    this.bytes += bytes;
    await this.context.memory.need(this, this.columns.list.length + OWN.size, this.rows, this.bytes);
    const { takesEnds } = this.context;
    for (;;) {
      this.appender ??= await this.openAppender();
      const changes = new Map<number, Change[]>();
      const widen: { column: Column; problems: Problems }[] = [];
      this.slots.forEach(({ column }, index) => {
        if (!column) return;
        const problems = encodeColumn(records, column, this.appender!.columns[index]!, takesEnds);
        if (problems.misfits.length > 0) widen.push({ column, problems });
        for (const [row, list] of problems.changes) changes.set(row, [...(changes.get(row) ?? []), ...list]);
      });
      if (widen.length > 0) {
        await this.widen(widen);
        continue;
      }
      this.ownColumns(rows, changes);
      try {
        this.appender.append(records.length, bytes);
      } catch (error) {
        throw this.db.error(error);
      }
      return [...changes.values()].reduce((sum, list) => sum + list.length, 0);
    }
  }

  private async openAppender(): Promise<ChunkAppender> {
    const { duck } = this.context;
    const layout = await layoutOf(this.db, this.table);
    const byName = new Map(this.columns.list.map((column) => [column.name, column]));
    this.slots = layout.map(({ name }) => (OWN.has(name) ? { own: name } : { column: byName.get(name) }));
    const columns = layout.map(({ type }, index) => {
      const width = this.slots[index]!.own === '_airbyte_raw_id' ? 16 : encodingOf(type).width;
      return { type: duckType(duck, type, width), width };
    });
    try {
      return new ChunkAppender(
        duck,
        await this.db.connection.createAppender(this.table.name, this.table.schema, this.table.catalog),
        columns,
      );
    } catch (error) {
      throw this.db.error(error);
    }
  }

  private ownColumns(rows: Rows, changes: Map<number, Change[]>): void {
    const count = rows.records.length;
    this.slots.forEach(({ own, column }, index) => {
      const data = this.appender!.columns[index]!;
      if (own === '_airbyte_raw_id') this.context.ids.fill(data.words, count);
      else if (own === '_airbyte_extracted_at')
        for (let row = 0; row < count; row++) writeMicros(data.words, row * 2, 0, rows.times[row]! * 1_000);
      else if (own === '_airbyte_generation_id') fillInteger(data, this.plan.generation, count);
      else if (own === '_airbyte_meta')
        for (let row = 0; row < count; row++)
          data.texts.push(this.meta(rows.units[row]!, changesOf(rows.records[row]!), changes.get(row)));
      else if (!column) this.leaveEmpty(data, count);
    });
  }

  /** A column that somebody else added to the table. */
  private leaveEmpty(data: ColumnData, count: number): void {
    for (let row = 0; row < count; row++) {
      data.setNull(row);
      data.texts.push('');
    }
  }

  /** What the source noted comes first, then what did not fit here. */
  private meta(unit: string, noted: readonly RecordChange[] | undefined, changes: Change[] | undefined): string {
    if (noted || changes) {
      const all = [...(noted ?? []).map((change) => ({ ...change })), ...(changes ?? [])];
      return stringify({ sync_id: this.plan.syncId, changes: all, unit });
    }
    let text = this.metas.get(unit);
    if (text === undefined) {
      text = stringify({ sync_id: this.plan.syncId, changes: [], unit });
      if (this.metas.size > 1_000) this.metas.clear();
      this.metas.set(unit, text);
    }
    return text;
  }

  /** Fields that have no column get one; beyond the limit they go to one JSON column together. */
  private async withColumns(records: RecordData[]): Promise<RecordData[]> {
    const unknown = new Map<string, Kind>();
    for (const record of records) {
      for (const field in record) {
        if (this.columns.has(field) || unknown.has(field)) continue;
        const value = record[field];
        if (value !== null && value !== undefined) unknown.set(field, kindOfValue(value));
      }
    }
    if (unknown.size === 0 && !this.columns.has(REST_FIELD)) return records;
    const { room } = this.columns;
    const added = [...unknown].slice(0, room);
    const rest = unknown.size > room;
    if (added.length > 0 || (rest && !this.columns.has(REST_FIELD))) {
      this.flush();
      for (const [field, kind] of added) await addColumn(this.db, this.table, this.columns, field, kind, false);
      if (rest && !this.columns.has(REST_FIELD))
        await addColumn(this.db, this.table, this.columns, REST_FIELD, 'json', false);
      await writeColumns(this.db, this.table, this.columns);
    }
    return rest ? records.map((record) => this.gather(record)) : records;
  }

  private gather(record: RecordData): RecordData {
    const strays = Object.entries(record).filter(([field]) => !this.columns.has(field));
    return strays.length === 0 ? record : { ...record, [REST_FIELD]: Object.fromEntries(strays) };
  }

  private async widen(list: { column: Column; problems: Problems }[]): Promise<void> {
    for (const data of this.appender!.columns) data.clear();
    this.flush();
    const all = await this.all();
    for (const { column, problems } of list) {
      const { kind, type } = await widerType(column, problems.misfits, all, (sql) => this.db.one(sql));
      if (kind === column.kind && type === column.type) throw new Error(`column ${column.name} cannot be widened`);
      await widenColumn(this.db, this.table, column, kind, type);
    }
    await writeColumns(this.db, this.table, this.columns);
  }
}

function fillInteger(data: ColumnData, value: number, count: number): void {
  for (let row = 0; row < count; row++) {
    data.words[row * 2] = value >>> 0;
    data.words[row * 2 + 1] = Math.floor(value / 0x100000000);
  }
}

/** What the chunk holds for a column of this type; texts are cast by the appender where the column is no text. */
function duckType({ api }: Duck, type: string, width: number): DuckDBType {
  if (type === 'UUID') return api.UUID;
  if (type === 'JSON') return api.DuckDBVarCharType.create('JSON');
  if (width === 0) return api.VARCHAR;
  const { BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, TIME, TIMESTAMPTZ } = api;
  return { BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, TIME }[type] ?? TIMESTAMPTZ;
}
