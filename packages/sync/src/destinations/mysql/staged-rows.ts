import type { RecordData } from '@tidemark/source';
import { ConnectorError } from '@tidemark/source';
import type { Batch, StreamPlan, Tally, WriteResult } from '../../destination.js';
import { count, emptyTally } from '../../tally.js';
import { type Columns, OWN_NAMES, REST_FIELD } from '../sql/column.js';
import type { Lease } from '../sql/lease.js';
import type { LedgerDialect } from '../sql/ledger-tables.js';
import type { RawIds } from '../sql/raw-id.js';
import { gather, wantedColumns } from '../sql/record-fields.js';
import { type RowChunk, rowChunks } from '../sql/row-chunks.js';
import { metaEnd, RowMeta } from '../sql/row-meta.js';
import type { TableName } from '../sql/sql-database.js';
import type { Database } from './database.js';
import { literal, quote, sqlName } from './dialect.js';
import { dropKey, ensureKey, isInKey, keyOf } from './key.js';
import { delimited, encodeChunk } from './row-text.js';
import { addColumns } from './table.js';
import { widenColumn, widerType } from './widen.js';

/** What a stream's staging needs to know. */
export interface Staging {
  db: Database;
  books: LedgerDialect;
  ids: RawIds;
  lease: Lease;
  plan: StreamPlan;
  /** The table that the rows go to in the end, made to the schema. */
  table: TableName;
  columns: Columns;
  /** Name of the temporary table, without quotes. */
  name: string;
}

/**
 * The rows of one stream since its last commit, in a temporary table of the connection: nothing of them can be seen, and a
 * table may change its columns meanwhile, which would commit rows that had been written to it.
 */
export class StagedRows {
  /** How many rows there are. */
  rows = 0;
  private isMade = false;
  private readonly meta: RowMeta;
  readonly sql: string;

  constructor(private readonly to: Staging) {
    this.sql = `${quote(to.table.schema)}.${quote(to.name)}`;
    this.meta = new RowMeta(to.plan.syncId);
  }

  get columns(): Columns {
    return this.to.columns;
  }

  /** Encodes and sends the rows. */
  async write(batch: Batch): Promise<WriteResult> {
    const result: WriteResult = { changed: 0, tally: emptyTally() };
    for (const chunk of rowChunks(batch)) result.changed += await this.send(chunk, result.tally);
    return result;
  }

  /** Deletes a unit's rows; says how many. */
  async remove(unit: string): Promise<number> {
    if (this.rows === 0) return 0;
    const removed = await this.to.db.change(`DELETE FROM ${this.sql} WHERE ${OF_UNIT}`, endOfUnit(unit));
    this.rows -= removed;
    return removed;
  }

  /** Empties it; what was in it is in the table now, or is not wanted. */
  async clear(): Promise<void> {
    if (this.rows > 0) await this.to.db.run(`TRUNCATE TABLE ${this.sql}`);
    this.rows = 0;
  }

  /** Makes the temporary table as the table is now. */
  async make(): Promise<void> {
    if (this.isMade) return;
    await this.to.db.run(`CREATE TEMPORARY TABLE ${this.sql} LIKE ${sqlName(this.to.table)}`);
    // The hidden column comes with its index, and is made anew without.
    await dropKey(this.to.db, this.sql);
    const key = keyOf(this.to.plan, this.to.columns);
    if (key) await ensureKey(this.to.db, this.sql, key, 'staged');
    this.isMade = true;
  }

  private async send(chunk: RowChunk, tally: Tally): Promise<number> {
    const { db, columns, ids, plan } = this.to;
    await this.make();
    const rows = chunk.records.length;
    const facts = { ...chunk, records: await this.withColumns(chunk.records), generation: plan.generation };
    for (;;) {
      const bytesMax = db.facts.localInfile ? undefined : Math.floor(db.facts.packetMax / 4);
      const { fields, changed, misfits } = encodeChunk(facts, columns.list, this.meta, () => ids.texts(), bytesMax);
      if (misfits.length > 0) {
        await this.widen(misfits);
        continue;
      }
      const names = [...OWN_NAMES, ...columns.list.map(({ name }) => name)].map(quote).join(', ');
      const taken = await (db.facts.localInfile ? this.load(names, fields, rows) : this.insert(names, fields, rows));
      if (taken !== rows) throw droppedRows(plan, rows, taken);
      this.rows += rows;
      for (const hash of chunk.hashes) count(tally, hash);
      return changed;
    }
  }

  private load(names: string, fields: (string | null)[][], rows: number): Promise<number> {
    const format = `CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'`;
    const sql = `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${this.sql} ${format} (${names})`;
    return this.to.db.load(sql, [delimited(fields, rows)]);
  }

  /** Where the server does not allow LOAD DATA: statements of many rows, each shorter than a packet. */
  private async insert(names: string, fields: (string | null)[][], rows: number): Promise<number> {
    const { db } = this.to;
    const max = Math.min(db.facts.packetMax / 2, 1 << 20);
    const begin = `INSERT INTO ${this.sql} (${names}) VALUES `;
    let taken = 0;
    let list: string[] = [];
    let size = 0;
    for (let row = 0; row < rows; row++) {
      const values = fields.map((column) => (column[row] === null ? 'NULL' : literal(wellFormed(column[row]!))));
      const text = `(${values.join(', ')})`;
      if (size + text.length * 3 > max && list.length > 0) {
        taken += await db.change(begin + list.join(', '));
        list = [];
        size = 0;
      }
      list.push(text);
      size += text.length * 3;
    }
    return list.length > 0 ? taken + (await db.change(begin + list.join(', '))) : taken;
  }

  /** Fields that have no column get one; beyond the limit they go to one JSON column together. */
  private async withColumns(records: RecordData[]): Promise<RecordData[]> {
    const { db, columns, books, table } = this.to;
    const { fields, rest } = wantedColumns(records, columns);
    const wanted = [...fields];
    if (rest && !columns.has(REST_FIELD)) wanted.push([REST_FIELD, 'json']);
    await addColumns(db, { books, table, also: [this.sql] }, columns, wanted, false);
    return columns.has(REST_FIELD) ? records.map((record) => gather(record, columns)) : records;
  }

  private async widen(list: ReturnType<typeof encodeChunk>['misfits']): Promise<void> {
    const { db, books, table, lease, plan } = this.to;
    // Columns change outside the transaction: not those of somebody else.
    await lease.check(db);
    const main = sqlName(table);
    for (const { column, values } of list) {
      if (isInKey(plan, column.field)) for (const each of [main, this.sql]) await dropKey(db, each);
      const { kind, type } = await widerType(column, values, [main, this.sql], db);
      if (kind === column.kind && type === column.type) throw new Error(`column ${column.name} cannot be widened`);
      await widenColumn(db, { books, table, also: [this.sql] }, column, kind, type);
    }
  }
}

/** A row that came from a unit, by how its `_airbyte_meta` ends: the server's own JSON may be too deep for the server. */
export const OF_UNIT = 'RIGHT(_airbyte_meta, $1) = $2';

/** The values of `OF_UNIT`. */
export function endOfUnit(unit: string): [number, string] {
  const end = wellFormed(metaEnd(unit));
  return [[...end].length, end];
}

/** Says that the server has taken fewer rows than it was given: nothing of them is committed. */
export function droppedRows(plan: StreamPlan, given: number, taken: number): ConnectorError {
  return new ConnectorError(
    'system',
    `dropped records: ${given} rows were sent and the server took ${taken}. Nothing of them is committed.`,
    { stream: plan.stream.name },
  );
}

/** A statement is sent as one text: halves of surrogate pairs must not meet in it. */
function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text;
}
