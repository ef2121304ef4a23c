import { evenBounds, heaviest, type Piece, weightOf } from './key-pieces.js';
import type { KeySpace } from './key-space.js';

/** Few chunks are even when they are put together from more pieces than that. */
const PIECES_MIN = 8;
/** Statements for each piece that is wanted: two to split one, two to weigh what comes of it. */
const PROBES_PER_PIECE = 4;
const SECONDS_MAX = 20;
/** The bounds are in every state. */
const BOUNDS_CHARACTERS_MAX = 256 * 1024;

/** Rows with the same values in the first columns of a key, and what the column behind those is compared with. */
export interface Stretch {
  readonly prefix: readonly string[];
  readonly conditions: readonly (readonly [operator: '>' | '>=' | '<' | '<=', value: string])[];
}

/** How a table is looked into. Each is one short statement by the key's index; a failure is thrown. */
export interface KeyProbes {
  /** The first value, or the last, that the column behind the prefix has in these rows; undefined where there is no row. */
  seek(rows: Stretch, end: 'first' | 'last'): Promise<string | undefined>;
  /** About how many rows there are, if the server can tell without reading them. */
  estimate?(rows: Stretch): Promise<number | undefined>;
}

/** A table that is to be cut. */
export interface KeyedExtent {
  /** Whole keys, of the first row and of the last. */
  readonly first: readonly string[];
  readonly last: readonly string[];
  /** How many chunks are wanted, at least two. */
  readonly chunks: number;
  /** About how many rows there are. */
  readonly rows?: number;
  /** For each column of the key, where that is known. */
  readonly spaces: readonly (KeySpace | undefined)[];
  /** Values of the first column that part the table into equal pieces, as statistics have them. */
  readonly quantiles?: readonly string[];
}

/**
 * Bounds that cut a table into chunks, in the order of its key and in front of its last row: each is all rows up to some values
 * of the first columns. **The server alone compares**: a bound is a value that it has found strictly between two others, and a
 * guess only says where to look. Where rows lie is not known beforehand, so the heaviest piece is split again and again, until
 * there are enough or a number of statements and seconds is spent. Never throws: fewer bounds are larger chunks.
 */
export async function keyCuts(probes: KeyProbes, extent: KeyedExtent): Promise<string[][]> {
  const { chunks, last, spaces } = extent;
  const cutter = new Cutter(probes, extent);
  await cutter.cut();
  const pieces = cutter.pieces.flatMap((piece) => stepsOf(piece, spaces[piece.prefix.length], cutter.limit));
  const bounds = evenBounds(pieces, chunks);
  const characters = bounds.reduce((sum, bound) => sum + bound.join().length, 0);
  const every = Math.ceil(characters / BOUNDS_CHARACTERS_MAX);
  return bounds.filter((bound, i) => bound !== last && i % Math.max(1, every) === 0).map((bound) => [...bound]);
}

class Cutter {
  readonly pieces: Piece[];
  private readonly wanted: number;
  private probesLeft: number;
  private readonly until = performance.now() + SECONDS_MAX * 1000;

  constructor(
    private readonly probes: KeyProbes,
    private readonly extent: KeyedExtent,
  ) {
    const { first, last, chunks, rows } = extent;
    this.pieces = [{ prefix: [], lo: first[0]!, hi: last[0]!, withLo: true, bound: last, weight: rows || 1 }];
    this.wanted = Math.max(chunks, PIECES_MIN);
    this.probesLeft = this.wanted * PROBES_PER_PIECE;
  }

  /** What a piece should not weigh more than. */
  get limit(): number {
    return (weightOf(this.pieces) / this.wanted) * 1.05;
  }

  async cut(): Promise<void> {
    try {
      await this.cutByQuantiles();
      for (;;) {
        const index = heaviest(this.pieces, this.limit);
        if (index < 0) return;
        this.pieces.splice(index, 1, ...(await this.split(this.pieces[index]!)));
      }
    } catch {
      // Out of statements or of time, or the server refused one: what has been found so far are bounds as well.
    }
  }

  /** Each is looked for behind the one before: whatever order the statistics are in, the bounds are in the server's. */
  private async cutByQuantiles(): Promise<void> {
    const { quantiles = [], chunks } = this.extent;
    if (quantiles.length === 0) return;
    const all = weightOf(this.pieces);
    const every = Math.max(1, Math.floor(quantiles.length / this.wanted));
    const weight = (all * every) / (quantiles.length + 1);
    for (let i = every - 1; i < quantiles.length && this.pieces.length < 2 * chunks + PIECES_MIN; i += every) {
      const rest = this.pieces.at(-1)!;
      const value = await this.seek(rest, [['>=', quantiles[i]!]], 'first');
      if (value === undefined) break;
      const [lower, upper] = parted(rest, value);
      const left = Math.max(weight, rest.weight - weight);
      // Values that are frequent are in no quantile.
      const rows = (await this.estimate(lower)) ?? weight;
      this.pieces.splice(-1, 1, { ...lower, weight: rows }, { ...upper, weight: left });
    }
    const rest = this.pieces.at(-1)!;
    this.pieces.splice(-1, 1, { ...rest, weight: (await this.estimate(rest)) ?? rest.weight });
  }

  private async split(piece: Piece): Promise<Piece[]> {
    const { prefix, lo, hi, withLo, weight } = piece;
    if (lo === hi) return this.deepen(piece);
    const space = this.extent.spaces[prefix.length];
    const parts = Math.max(2, Math.ceil(weight / this.limit));
    const share = Math.floor(parts / 2) / parts;
    const [from, to] = piece.near ?? [lo, hi];
    const guess = space?.at(from, to, share) ?? (piece.near && space?.at(lo, hi, share));
    if (guess === undefined) {
      // Nothing to guess: neighbours, or an order that nobody knows. Only with more columns there can be much at one value.
      if (prefix.length + 1 >= this.extent.spaces.length) return [{ ...piece, isWhole: true }];
      const value = withLo ? lo : await this.seek(piece, [], 'first');
      return value === undefined ? this.deepen(piece) : this.weighed(parted(piece, value), 0.5);
    }
    const above = await this.seek(piece, [['>=', guess]], 'first');
    if (above !== undefined) {
      const [lower, upper] = parted(piece, above);
      const lowest = space?.seemsAfter?.(guess, above) ? guess : above;
      return this.weighed(
        [
          { ...lower, near: [from, guess] },
          { ...upper, near: [lowest, to] },
        ],
        share,
      );
    }
    // There is nothing between it and the greatest value.
    const below = await this.seek(piece, [['<', guess]], 'last');
    if (below === undefined) return this.deepen(piece);
    const [lower, upper] = parted(piece, below);
    const highest = space?.seemsAfter?.(below, guess) ? guess : below;
    return this.weighed(
      [{ ...lower, near: [from, highest] }, upper],
      prefix.length + 1 < this.extent.spaces.length ? share : 1,
    );
  }

  /** A piece with one value in its column, by the column behind that. */
  private async deepen(piece: Piece): Promise<Piece[]> {
    const prefix = [...piece.prefix, piece.hi];
    const { spaces, last } = this.extent;
    if (prefix.length >= spaces.length) return [{ ...piece, isWhole: true }];
    const rows = { prefix, conditions: [] };
    const lo = await this.probe(() => this.probes.seek(rows, 'first'));
    // Rows may have come behind the last one since it was looked up.
    const hi = piece.bound === last ? last[prefix.length] : await this.probe(() => this.probes.seek(rows, 'last'));
    if (lo === undefined || hi === undefined) return [{ ...piece, isWhole: true }];
    const { near: _, ...rest } = piece;
    return [{ ...rest, prefix, lo, hi, withLo: true }];
  }

  /** A value strictly within a piece, its `lo` counted where that belongs to it. */
  private seek(
    { prefix, lo, hi, withLo }: Piece,
    more: Stretch['conditions'],
    end: 'first' | 'last',
  ): Promise<string | undefined> {
    const conditions: Stretch['conditions'] = [[withLo ? '>=' : '>', lo], ['<', hi], ...more];
    return this.probe(() => this.probes.seek({ prefix, conditions }, end));
  }

  /** Two pieces of one, each with its own weight: `share` of it is in the first unless the server tells more. */
  private async weighed([lower, upper]: readonly [Piece, Piece], share: number): Promise<Piece[]> {
    const { weight } = lower;
    const [below, above] = [await this.estimate(lower), await this.estimate(upper)];
    if (below !== undefined && above !== undefined && below + above > 0)
      return [
        { ...lower, weight: below },
        { ...upper, weight: above },
      ];
    return [
      { ...lower, weight: weight * share },
      { ...upper, weight: weight * (1 - share) },
    ];
  }

  private async estimate({ prefix, lo, hi, withLo }: Piece): Promise<number | undefined> {
    const { probes } = this;
    if (!probes.estimate) return undefined;
    const conditions: Stretch['conditions'] = [
      [withLo ? '>=' : '>', lo],
      ['<=', hi],
    ];
    return this.probe(() => probes.estimate!({ prefix, conditions }));
  }

  private async probe<T>(look: () => Promise<T>): Promise<T> {
    const left = this.until - performance.now();
    if (this.probesLeft-- <= 0 || left <= 0) throw new Spent();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Spent()), left);
    });
    try {
      return await Promise.race([look(), tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The statements or the seconds for cutting one table are spent. */
class Spent extends Error {}

/** What a piece has up to a value and behind it, both with the weight of the whole. */
function parted({ near: _, ...piece }: Piece, value: string): [Piece, Piece] {
  return [
    { ...piece, hi: value, bound: [...piece.prefix, value] },
    { ...piece, lo: value, withLo: false },
  ];
}

/** A piece that is still too heavy in equal steps, where their order is known without asking. */
function stepsOf(piece: Piece, space: KeySpace | undefined, limit: number): Piece[] {
  const pieces = Math.ceil(piece.weight / limit);
  const steps = !piece.isWhole && pieces > 1 ? (space?.steps?.(piece.lo, piece.hi, pieces) ?? []) : [];
  let rest = piece;
  const all: Piece[] = [];
  for (const step of steps) {
    const [lower, upper] = parted(rest, step);
    all.push({ ...lower, weight: piece.weight / (steps.length + 1) });
    rest = upper;
  }
  return [...all, { ...rest, weight: piece.weight / (steps.length + 1) }];
}
