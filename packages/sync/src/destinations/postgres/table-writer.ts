import { ConnectorError, changesOf, type RecordData } from '@tidemark/source';
import type { Batch, StreamPlan, Tally, WriteResult } from '../../destination.js';
import { add, count, emptyTally } from '../../tally.js';
import { type Column, type Columns, OWN_NAMES, REST_FIELD } from '../sql/column.js';
import { LARGE, LineBuffer } from '../sql/line-buffer.js';
import { type Change, Problems } from '../sql/problems.js';
import { IN_CHUNK, type RawIds } from '../sql/raw-id.js';
import { fieldValue, gather, wantedColumns } from '../sql/record-fields.js';
import { type RowChunk, rowChunks } from '../sql/row-chunks.js';
import { RowMeta } from '../sql/row-meta.js';
import type { TableName } from '../sql/sql-database.js';
import { cleanJson, encodeValue, type TextEncoding } from '../sql/text-encoding.js';
import { joinKinds, kindOfValue } from '../sql/value-kind.js';
import { POSTGRES_COLUMNS, quote, sqlName } from './columns.js';
import type { Pg } from './database.js';
import { encodingOf, escapeText } from './encode.js';
import { isDataError } from './errors.js';
import { withoutOne } from './refused-value.js';
import { addColumn, widenColumn, writeColumns } from './table.js';

/** What was put into the buffer: one line a row. */
interface Encoded {
  changed: number;
  tally: Tally;
}

/** Where the rows go: the stream's table, or a temporary one in which they wait for the end of the transaction. */
export interface Inlet {
  table: TableName;
  /** Name of the temporary table as a statement has it. */
  stage?: string;
}

/** Fills one table, chunk by chunk, inside the transaction that is open on the connection. */
export class TableWriter {
  private readonly meta: RowMeta;
  private columnList = '';
  private encodings: TextEncoding[] = [];
  /** Whether a column's field has the name of something that every object has. */
  private inherited: boolean[] = [];
  private readonly buffer = new LineBuffer();

  constructor(
    private readonly db: Pg,
    private readonly ids: RawIds,
    private readonly plan: StreamPlan,
    private readonly inlet: Inlet,
    public columns: Columns,
  ) {
    this.meta = new RowMeta(plan.syncId, (text) => escapeText(cleanJson(text)));
  }

  async write(batch: Batch): Promise<WriteResult> {
    const result: WriteResult = { changed: 0, tally: emptyTally() };
    for (const rows of rowChunks(batch)) await this.chunk(rows, result);
    return result;
  }

  /** The table has other columns now. */
  reset(columns: Columns): void {
    this.columns = columns;
    this.columnList = '';
  }

  private async chunk(rows: RowChunk, result: WriteResult): Promise<void> {
    await this.withColumns(rows.records);
    const refusal = await this.attempt(rows, result);
    if (refusal === undefined) return;
    const { length } = rows.records;
    if (length === 1) return this.withoutRefused(rows, result, refusal);
    // The row with the value that the server refuses is found by halving.
    await this.chunk(slice(rows, 0, length >> 1), result);
    await this.chunk(slice(rows, length >> 1, length), result);
  }

  /** Sends the rows; gives the error of the server back that refused one of their values. */
  private async attempt(rows: RowChunk, result: WriteResult): Promise<unknown> {
    const { changed, tally } = await this.encode(rows);
    await this.db.run('SAVEPOINT chunk');
    try {
      await this.copy(tally.rows);
    } catch (error) {
      if (!isDataError(error)) throw this.db.error(error);
      await this.db.run('ROLLBACK TO SAVEPOINT chunk');
      return error;
    }
    await this.db.run('RELEASE SAVEPOINT chunk');
    result.changed += changed;
    add(result.tally, tally);
    return undefined;
  }

  /** One row with a value that only the server could refuse: it goes in without it. */
  private async withoutRefused(rows: RowChunk, result: WriteResult, refusal: unknown): Promise<void> {
    for (const record of withoutOne(rows.records[0]!, this.columns, (type) => !encodingOf(type).plain)) {
      if ((await this.attempt({ ...rows, records: [record] }, result)) !== undefined) continue;
      result.changed++;
      return;
    }
    throw this.db.error(refusal);
  }

  private async copy(rows: number): Promise<void> {
    const { stage, table } = this.inlet;
    const taken = await this.db.copy(
      `COPY ${stage ?? sqlName(table)} (${this.columnList}) FROM STDIN`,
      this.buffer.pieces(),
    );
    if (taken === rows) return;
    throw new ConnectorError(
      'system',
      `dropped records: ${rows} rows were sent to ${sqlName(table)} and the server took ${taken}. Nothing of them is committed.`,
      { stream: this.plan.stream.name },
    );
  }

  /** Lines of all rows; columns are widened until every value has its place. */
  private async encode(rows: RowChunk): Promise<Encoded> {
    for (;;) {
      if (this.columnList === '') this.layOut();
      const { list } = this.columns;
      const problems = list.map((column) => new Problems(column));
      const encoded = this.encodeRows(rows, problems);
      const narrow = problems.flatMap(({ misfits }, index) =>
        misfits.length > 0 ? [{ column: list[index]!, misfits }] : [],
      );
      if (narrow.length === 0) return encoded;
      for (const { column, misfits } of narrow) {
        const kind = column.declared
          ? column.kind
          : misfits.reduce<Column['kind']>((so, value) => joinKinds(so, kindOfValue(value)), column.kind);
        const type = kind === 'integer' ? 'numeric' : POSTGRES_COLUMNS.narrowest[kind];
        if (kind === column.kind && type === column.type) throw new Error(`column ${column.name} cannot be widened`);
        await widenColumn(this.db, this.tables(), column, kind, type);
      }
      await writeColumns(this.db, this.inlet.table, this.columns);
      this.columnList = '';
    }
  }

  private encodeRows(rows: RowChunk, problems: Problems[]): Encoded {
    const { list } = this.columns;
    const { encodings, inherited } = this;
    const { before, after } = this.ids.texts();
    const generation = this.plan.generation;
    const hasRest = this.columns.has(REST_FIELD);
    const tally = emptyTally();
    this.buffer.clear();
    let changed = 0;
    let time = Number.NaN;
    let timeText = '';
    for (let row = 0; row < rows.records.length; row++) {
      const given = rows.records[row]!;
      const record = hasRest ? gather(given, this.columns) : given;
      if (rows.times[row] !== time) {
        time = rows.times[row]!;
        timeText = new Date(time).toISOString();
      }
      let line = `${before}${IN_CHUNK[row]}${after}\t${timeText}\t${generation}`;
      for (let index = 0; index < list.length; index++) {
        const column = list[index]!;
        const encoding = encodings[index]!;
        const value = inherited[index] ? fieldValue(record, column.field) : record[column.field];
        const text = encodeValue(encoding, column, value, row, problems[index]!);
        if (text === null) line += '\t\\N';
        else if (text.length > LARGE) {
          // Not made part of the line, which would be one more copy of it.
          this.buffer.add(`${line}\t`);
          this.buffer.add(escapeText(text));
          line = '';
        } else line += encoding.plain ? `\t${text}` : `\t${escapeText(text)}`;
      }
      const changes = changesIn(row, problems);
      changed += changes.length;
      this.buffer.add(`${line}\t${this.meta.text(rows.units[row]!, changesOf(given), changes)}\n`);
      count(tally, rows.hashes[row]!);
    }
    return { changed, tally };
  }

  private layOut(): void {
    const [id, at, meta, generation] = OWN_NAMES;
    const { list } = this.columns;
    this.columnList = [id, at, generation, ...list.map(({ name }) => name), meta].map(quote).join(', ');
    this.encodings = list.map(({ type }) => encodingOf(type));
    this.inherited = list.map(({ field }) => field in Object.prototype);
  }

  private tables(): (TableName | string)[] {
    return this.inlet.stage === undefined ? [this.inlet.table] : [this.inlet.table, this.inlet.stage];
  }

  /** Fields that have no column get one; beyond the limit they go to one JSON column together. */
  private async withColumns(records: readonly RecordData[]): Promise<void> {
    const { fields, rest } = wantedColumns(records, this.columns);
    const needsRest = rest && !this.columns.has(REST_FIELD);
    if (fields.length === 0 && !needsRest) return;
    for (const [field, kind] of fields) await addColumn(this.db, this.tables(), this.columns, field, kind, false);
    if (needsRest) await addColumn(this.db, this.tables(), this.columns, REST_FIELD, 'json', false);
    await writeColumns(this.db, this.inlet.table, this.columns);
    this.columnList = '';
  }
}

function slice({ records, units, times, hashes }: RowChunk, from: number, to: number): RowChunk {
  return {
    records: records.slice(from, to),
    units: units.slice(from, to),
    times: times.slice(from, to),
    hashes: hashes.slice(from, to),
  };
}

const NONE: readonly Change[] = [];

function changesIn(row: number, problems: readonly Problems[]): readonly Change[] {
  let found: Change[] | undefined;
  for (const { changes } of problems) {
    if (changes.size === 0) continue;
    const list = changes.get(row);
    if (list) found = found ? [...found, ...list] : list;
  }
  return found ?? NONE;
}
