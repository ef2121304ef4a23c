import type * as Api from '@duckdb/node-api';
import type { DuckDBAppender, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import type * as Bindings from '@duckdb/node-bindings';

/** How many rows a DuckDB vector holds. */
export const CHUNK_ROWS = 2_048;
/** Longer texts are handed over one by one; shorter ones of a column in one piece. */
const LONG_TEXT = 16_384;

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
  /** Sixteen bytes a row: enough for every type. */
  readonly words = new Uint32Array(CHUNK_ROWS * 4);
  readonly bytes = new Uint8Array(this.words.buffer);
  readonly doubles = new Float64Array(this.words.buffer);
  readonly days = new Int32Array(this.words.buffer);
  texts: string[] = [];
  private readonly valid = new Uint8Array(CHUNK_ROWS / 8);
  nulls = 0;

  clear(): void {
    if (this.nulls > 0) this.valid.fill(255);
    this.nulls = 0;
    this.texts = [];
  }

  constructor() {
    this.valid.fill(255);
  }

  setNull(row: number): void {
    this.nulls++;
    this.valid[row >> 3]! &= ~(1 << (row & 7));
  }

  /** Hands the column to the chunk. `width`: bytes a row, 0 for texts. */
  store(duck: Duck, chunk: DuckDBDataChunk, column: number, width: number, rows: number): void {
    const { raw } = duck;
    const vector = raw.data_chunk_get_vector(chunk.chunk, column);
    if (width > 0) raw.copy_data_to_vector(vector, 0, this.words.buffer, 0, width * rows);
    else storeTexts(raw, vector, this.texts, this.words, rows);
    if (this.nulls === 0) return;
    raw.vector_ensure_validity_writable(vector);
    raw.copy_data_to_vector_validity(vector, 0, this.valid.buffer as ArrayBuffer, 0, Math.ceil(rows / 64) * 8);
  }
}

/**
 * Texts in DuckDB's documented layout (`duckdb_string_t`: length, then up to 12 bytes in place, or 4 bytes and a
 * pointer). The column's texts go over as one string; the rows then point into it.
 */
function storeTexts(
  raw: typeof Bindings,
  vector: Bindings.Vector,
  texts: string[],
  words: Uint32Array,
  rows: number,
): void {
  const bytes = new Uint8Array(words.buffer);
  let length = 0;
  let long = false;
  for (let row = 0; row < rows; row++) {
    const size = texts[row]!.length;
    if (size > LONG_TEXT) long = true;
    else length += size;
  }
  const joined = Buffer.from(
    long ? texts.map((text) => (text.length > LONG_TEXT ? '' : text)).join('') : texts.join(''),
  );
  const ascii = joined.length === length;
  const base = joined.length > 12 ? assign(raw, vector, joined) : 0n;
  const baseLow = Number(base & 0xffffffffn);
  const baseHigh = Number(base >> 32n);
  let at = 0;
  const longs: number[] = [];
  for (let row = 0; row < rows; row++) {
    const text = texts[row]!;
    const word = row * 4;
    if (long && text.length > LONG_TEXT) {
      longs.push(row);
      continue;
    }
    const size = ascii ? text.length : Buffer.byteLength(text);
    words[word] = size;
    if (size <= 12) {
      words[word + 1] = 0;
      words[word + 2] = 0;
      words[word + 3] = 0;
      const to = row * 16 + 4;
      for (let i = 0; i < size; i++) bytes[to + i] = joined[at + i]!;
    } else {
      words[word + 1] = joined[at]! | (joined[at + 1]! << 8) | (joined[at + 2]! << 16) | (joined[at + 3]! << 24);
      const low = baseLow + at;
      words[word + 2] = low >>> 0;
      words[word + 3] = baseHigh + (low > 0xffffffff ? 1 : 0);
    }
    at += size;
  }
  for (const row of longs) {
    raw.vector_assign_string_element_len(vector, row, Buffer.from(texts[row]!));
    const entry = raw.vector_get_data(vector, rows * 16);
    bytes.set(entry.subarray(row * 16, row * 16 + 16), row * 16);
  }
  raw.copy_data_to_vector(vector, 0, words.buffer as ArrayBuffer, 0, rows * 16);
}

/** Puts one text into the vector's own memory and says where it is. */
function assign(raw: typeof Bindings, vector: Bindings.Vector, text: Buffer): bigint {
  raw.vector_assign_string_element_len(vector, 0, text);
  const entry = raw.vector_get_data(vector, 16);
  return new DataView(entry.buffer, entry.byteOffset, 16).getBigUint64(8, true);
}

/** The appender of a table with the chunk that fills it. */
export class ChunkAppender {
  private readonly chunk: DuckDBDataChunk;
  readonly columns: ColumnData[];
  private pending = 0;

  constructor(
    private readonly duck: Duck,
    private readonly appender: DuckDBAppender,
    types: readonly DuckDBType[],
    private readonly widths: readonly number[],
  ) {
    this.chunk = duck.api.DuckDBDataChunk.create(types);
    this.columns = types.map(() => new ColumnData());
  }

  /** Appends the filled columns; `bytes` is about what they take. */
  append(rows: number, bytes: number): void {
    this.chunk.reset();
    this.chunk.rowCount = rows;
    for (const [index, column] of this.columns.entries())
      column.store(this.duck, this.chunk, index, this.widths[index]!, rows);
    this.appender.appendDataChunk(this.chunk);
    for (const column of this.columns) column.clear();
    // The appender itself only counts rows: with wide ones it would hold gigabytes.
    this.pending += bytes;
    if (this.pending < 16 * 1024 * 1024) return;
    this.appender.flushSync();
    this.pending = 0;
  }

  close(): void {
    this.appender.closeSync();
  }
}
