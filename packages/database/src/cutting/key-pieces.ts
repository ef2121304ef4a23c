/** Rows of a table between two places of its key. */
export interface Piece {
  /** The values that the first columns of the key have in all of its rows. */
  readonly prefix: readonly string[];
  /** The least and the greatest value of the column behind those. */
  readonly lo: string;
  readonly hi: string;
  /** The rows at `lo` belong to it; else it begins behind them. */
  readonly withLo: boolean;
  /** Its end in the order of the key: all rows up to and with these values of the first columns. */
  readonly bound: readonly string[];
  /** About how much it has, in rows or as a share of the table: to be compared with the others'. */
  readonly weight: number;
  /**
   * What to guess between, where that is not `lo` and `hi`: guesses have shown that the rest lies there. The order of guesses is
   * not the server's, and the ends of a piece may seem to be elsewhere.
   */
  readonly near?: readonly [lo: string, hi: string];
  /** Nothing is known that would split it. */
  readonly isWhole?: boolean;
}

/** What all of them weigh together. */
export function weightOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { weight }) => sum + weight, 0);
}

/** Where the heaviest piece is that may be split and weighs more than `limit`; -1: there is none. */
export function heaviest(pieces: readonly Piece[], limit: number): number {
  let found = -1;
  pieces.forEach(({ weight, isWhole }, i) => {
    if (!isWhole && weight > limit && (found < 0 || weight > pieces[found]!.weight)) found = i;
  });
  return found;
}

/** The ends of chunks of about the same weight, in order and without the last: each piece is in the chunk that its middle is in. */
export function evenBounds(pieces: readonly Piece[], chunks: number): (readonly string[])[] {
  const each = weightOf(pieces) / chunks;
  const bounds: (readonly string[])[] = [];
  let before = 0;
  let chunk = 0;
  pieces.forEach(({ weight }, i) => {
    const own = Math.floor((before + weight / 2) / each);
    if (i > 0 && own > chunk) bounds.push(pieces[i - 1]!.bound);
    chunk = own;
    before += weight;
  });
  return bounds;
}
