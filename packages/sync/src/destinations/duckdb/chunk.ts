import type * as Api from '@duckdb/node-api';
import type { DuckDBAppender, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import type * as Bindings from '@duckdb/node-bindings';
import { storeTexts } from './texts.js';

/** The appender itself only counts rows: with wide ones, or many tables at once, it would hold gigabytes. */
const FLUSH_BYTES = 4 * 1024 * 1024;
/** How many rows a DuckDB vector holds. */
export const CHUNK_ROWS = 2_048;

/** The two modules of DuckDB, imported late. */
export interface Duck {
  api: typeof Api;
  raw: typeof Bindings;
}

export async function importDuck(): Promise<Duck> {
  const [api, raw] = await Promise.all([import('@duckdb/node-api'), import('@duckdb/node-bindings')]);
  // A CommonJS module without static exports: everything is in its default.
  return { api, raw: (raw as unknown as { default: typeof Bindings }).default };
}

/**
 * One column of a chunk while it is filled. Fixed-width values are written as bytes, texts are kept as they are and
 * encoded together: a call into the native module for each value would cost more than all the rest.
 */
export class ColumnData {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array;
  readonly doubles: Float64Array;
  readonly days: Int32Array;
  texts: string[] = [];
  private readonly valid = new Uint8Array(CHUNK_ROWS / 8);
  nulls = 0;

  /** `width`: bytes a row, 0 for texts. */
  constructor(private readonly width: number) {
    const buffer = new ArrayBuffer(CHUNK_ROWS * width);
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.days = new Int32Array(buffer);
    this.valid.fill(255);
  }

  clear(): void {
    if (this.nulls > 0) this.valid.fill(255);
    this.nulls = 0;
    this.texts = [];
  }

  setNull(row: number): void {
    this.nulls++;
    this.valid[row >> 3]! &= ~(1 << (row & 7));
  }

  /** Hands the column to the chunk. */
  store(raw: typeof Bindings, chunk: DuckDBDataChunk, column: number, rows: number): void {
    const { width } = this;
    const vector = raw.data_chunk_get_vector(chunk.chunk, column);
    if (width > 0) raw.copy_data_to_vector(vector, 0, this.words.buffer, 0, width * rows);
    else storeTexts(raw, vector, this.texts, rows);
    if (this.nulls === 0) return;
    raw.vector_ensure_validity_writable(vector);
    raw.copy_data_to_vector_validity(vector, 0, this.valid.buffer as ArrayBuffer, 0, Math.ceil(rows / 64) * 8);
  }
}

/** The appender of a table with the chunk that fills it. */
export class ChunkAppender {
  private readonly chunk: DuckDBDataChunk;
  readonly columns: ColumnData[];
  private pending = 0;

  constructor(
    private readonly duck: Duck,
    private readonly appender: DuckDBAppender,
    columns: readonly { type: DuckDBType; width: number }[],
  ) {
    this.chunk = duck.api.DuckDBDataChunk.create(columns.map(({ type }) => type));
    this.columns = columns.map(({ width }) => new ColumnData(width));
  }

  /** Appends the filled columns; `bytes` is about what they take. */
  append(rows: number, bytes: number): void {
    this.chunk.reset();
    this.chunk.rowCount = rows;
    for (const [index, column] of this.columns.entries()) column.store(this.duck.raw, this.chunk, index, rows);
    this.appender.appendDataChunk(this.chunk);
    // The appender has a copy: the chunk must not keep its texts until the next one.
    this.chunk.reset();
    for (const column of this.columns) column.clear();
    this.pending += bytes;
    if (this.pending < FLUSH_BYTES) return;
    this.appender.flushSync();
    this.pending = 0;
  }

  close(): void {
    this.appender.closeSync();
  }
}
