const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080;

/** A buffer's memory as words of four bytes, for `plainEnd`. */
export function wordsOf(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >> 2);
}

/**
 * Passes over bytes that stand in a JSON text as they are, four at a time: gives a place at or after `from` before which there is
 * no quote, no backslash and nothing below a space. It may stop early, by less than eight bytes; `bytes` holds at least one
 * byte that is not plain after `from`. `words` are those of `bytes`.
 */
export function plainEnd(bytes: Buffer, words: Int32Array, from: number): number {
  const { byteOffset } = bytes;
  // Whole words begin here; the bytes before are left to the caller.
  if (((byteOffset + from) & 3) !== 0) return from;
  let i = (byteOffset + from) >> 2;
  const { length } = words;
  for (; i < length; i++) {
    const word = words[i]!;
    const quote = word ^ QUOTES;
    const backslash = word ^ BACKSLASHES;
    // A byte below the one that is taken off borrows, which shows in its highest bit; bytes of other letters have that bit.
    const found = ((word - SPACES) | (quote - ONES) | (backslash - ONES)) & ~word & HIGH_BITS;
    if (found !== 0) break;
  }
  return i * 4 - byteOffset;
}
