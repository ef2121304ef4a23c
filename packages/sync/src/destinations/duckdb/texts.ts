import type * as Bindings from '@duckdb/node-bindings';

/** Longer texts are handed over one by one; shorter ones of a column in one piece. */
const LONG_TEXT = 16_384;
/** How much of a text DuckDB keeps in the row itself. */
const INLINE = 12;

/** Four words a row; the same for every column, since it is copied before the next column is begun. */
const words = new Uint32Array(2_048 * 4);
const bytes = new Uint8Array(words.buffer);

/**
 * Stores texts in DuckDB's documented layout (`duckdb_string_t`: length, then up to 12 bytes in place, or 4 bytes and a
 * pointer). The column's texts go over as one string and the rows then point into it: a call into the native module for
 * each text would cost more than all the rest.
 */
export function storeTexts(
  raw: typeof Bindings,
  vector: Bindings.Vector,
  texts: readonly string[],
  rows: number,
): void {
  const longs: number[] = [];
  for (let row = 0; row < rows; row++) if (texts[row]!.length > LONG_TEXT) longs.push(row);
  const short = longs.length === 0 ? texts : texts.map((text) => (text.length > LONG_TEXT ? '' : text));
  const { joined, sizes } = join(short);
  const base = joined.length > INLINE ? place(raw, vector, joined) : 0n;
  const baseLow = Number(base & 0xffffffffn);
  const baseHigh = Number(base >> 32n);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const size = sizes ? sizes[row]! : short[row]!.length;
    const word = row * 4;
    words[word] = size;
    if (size <= INLINE) {
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
  raw.copy_data_to_vector(vector, 0, words.buffer, 0, rows * 16);
}

/** The texts as one piece of UTF-8, with the size of each where it is not the number of its characters. */
function join(texts: readonly string[]): { joined: Buffer; sizes?: number[] } {
  const text = texts.join('');
  const joined = Buffer.from(text);
  if (joined.length === text.length) return { joined };
  const sizes = texts.map((one) => Buffer.byteLength(one));
  // Half a surrogate pair at the end of one text and half at the beginning of the next would join to one character.
  if (sizes.reduce((sum, size) => sum + size, 0) === joined.length) return { joined, sizes };
  return { joined: Buffer.concat(texts.map((one) => Buffer.from(one))), sizes };
}

/** Puts one text into the vector's own memory and says where it is. */
function place(raw: typeof Bindings, vector: Bindings.Vector, text: Buffer): bigint {
  raw.vector_assign_string_element_len(vector, 0, text);
  const entry = raw.vector_get_data(vector, 16);
  return new DataView(entry.buffer, entry.byteOffset, 16).getBigUint64(8, true);
}
