import { randomFillSync } from 'node:crypto';

const RANDOM = new Uint32Array(512);

/**
 * Makes `_airbyte_raw_id`: UUIDs of version 7 that rise strictly, so that the later of two rows is always known. Every
 * chunk of at most 4,096 rows takes a millisecond of its own; the row's index is in the twelve bits after it.
 */
export class RawIds {
  private last: number;
  private used = RANDOM.length;

  /** `after`: no id will have this millisecond or an earlier one, even when the clock has been set back. */
  constructor(
    private readonly clock: () => number,
    after = 0,
  ) {
    this.last = after;
  }

  /** The millisecond of the last chunk. */
  get mark(): number {
    return this.last;
  }

  /** The ids of a chunk as texts: the part before a row's three digits (`IN_CHUNK`) and the part after them. */
  texts(): { before: string; after: string } {
    const { ms, low, high } = this.next();
    const time = ms.toString(16).padStart(12, '0');
    const tail = hex8(high) + hex8(low);
    return {
      before: `${time.slice(0, 8)}-${time.slice(8)}-7`,
      after: `-${tail.slice(0, 4)}-${tail.slice(4)}`,
    };
  }

  private next(): { ms: number; low: number; high: number } {
    const ms = Math.max(Math.floor(this.clock()), this.last + 1);
    this.last = ms;
    if (this.used + 2 > RANDOM.length) {
      randomFillSync(RANDOM);
      this.used = 0;
    }
    const low = RANDOM[this.used++]!;
    const high = ((RANDOM[this.used++]! & 0x3fffffff) | 0x80000000) >>> 0;
    return { ms, low, high };
  }

  /** Writes `rows` ids as DuckDB stores a UUID: a 128-bit integer, low half first, its top bit turned. */
  fill(words: Uint32Array, rows: number): void {
    const { ms, low, high } = this.next();
    const top = (Math.floor(ms / 0x10000) ^ 0x80000000) >>> 0;
    const next = ((ms % 0x10000) * 0x10000 + 0x7000) >>> 0;
    for (let row = 0; row < rows; row++) {
      words[row * 4] = low;
      words[row * 4 + 1] = high;
      words[row * 4 + 2] = next + row;
      words[row * 4 + 3] = top;
    }
  }
}

/** How many rows may have the ids of one chunk. */
export const CHUNK_ROWS_MAX = 4_096;
/** The three digits of each row of a chunk. */
export const IN_CHUNK: readonly string[] = Array.from({ length: CHUNK_ROWS_MAX }, (_, row) =>
  row.toString(16).padStart(3, '0'),
);

function hex8(word: number): string {
  return word.toString(16).padStart(8, '0');
}

/** The smallest id that a chunk after the millisecond `mark` can have. */
export function firstIdAfter(mark: number): string {
  const hex = (mark + 1).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
