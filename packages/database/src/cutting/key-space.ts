/**
 * Where a value may lie between two others, of one column of a key, all of them as texts. What it gives is a hint: a server is
 * asked for the key that it has next to there, and only the server compares. A bad hint costs evenness, never a row.
 */
export interface KeySpace {
  /** A value about `share` (0 to 1) of the way from `lo` to `hi`; undefined where there is none, or none is known. */
  at(lo: string, hi: string, share: number): string | undefined;
  /** Whether one seems to come behind another. Absent where `at` is in the server's own order, so that nobody has to ask. */
  seemsAfter?(value: string, other: string): boolean;
  /**
   * Values that cut the way from `lo` to `hi` into `pieces` equal steps, each strictly between the two and in order without
   * asking the server. Absent where only the server knows the order.
   */
  steps?(lo: string, hi: string, pieces: number): string[];
}

/** Shares are kept to so many parts of the whole. */
const PARTS = 1_000_000;

/** The whole number that is `share` of the way from one to another, rounded towards the first. */
export function between(lo: bigint, hi: bigint, share: number): bigint {
  return lo + ((hi - lo) * BigInt(Math.round(share * PARTS))) / BigInt(PARTS);
}
