const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080;

/** Bytes that are looked at together, as one number (the first byte is its lowest). */
export const WORD_BYTES = 4;

/**
 * Of four bytes, those that do not stand in a JSON text as they are: a quote, a backslash, or below a space. Their highest bits
 * are set; 0 when all are plain. Only the first of them is certain: the bytes after it may be plain.
 */
export function specialBytes(word: number): number {
  const quote = word ^ QUOTES;
  const backslash = word ^ BACKSLASHES;
  // A byte below the one that is taken off borrows, which shows in its highest bit; bytes of other letters have that bit.
  return ((word - SPACES) | (quote - ONES) | (backslash - ONES)) & ~word & HIGH_BITS;
}

/** How many bytes are before the first of `special` ones, which is not 0. */
export function bytesBefore(special: number): number {
  return (31 - Math.clz32(special & -special)) >> 3;
}
