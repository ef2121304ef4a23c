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

  /** Writes `rows` ids as DuckDB stores a UUID: a 128-bit integer, low half first, its top bit turned. */
  fill(words: Uint32Array, rows: number): void {
    const ms = Math.max(Math.floor(this.clock()), this.last + 1);
    this.last = ms;
    if (this.used + 2 > RANDOM.length) {
      randomFillSync(RANDOM);
      this.used = 0;
    }
    const low = RANDOM[this.used++]!;
    const high = ((RANDOM[this.used++]! & 0x3fffffff) | 0x80000000) >>> 0;
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

/** The smallest id that a chunk after the millisecond `mark` can have. */
export function firstIdAfter(mark: number): string {
  const hex = (mark + 1).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
