import type { ReadingSettings } from './dialect.js';

/** What a page cost, to size the next one by. */
export interface PageCost {
  rows: number;
  bytes: number;
  seconds: number;
}

/** A page grows by at most this factor over the one before it: what comes may be heavier than what was. */
const GROWTH_MAX = 4;

/**
 * How much the next page asks for: rows, or blocks of a table. Begins small and follows what the pages before it weighed and
 * how long they took, so that a page stays within rows, bytes and seconds.
 */
export class PageSize {
  private wanted: number;

  constructor(
    private readonly settings: ReadingSettings,
    first: number,
    private readonly most: number,
  ) {
    this.wanted = first;
  }

  /** At least 1. */
  get units(): number {
    return Math.max(1, Math.min(this.most, Math.floor(this.wanted)));
  }

  /** A page of this many units cost so much. */
  took(units: number, { rows, bytes, seconds }: PageCost): void {
    const { page_rows, page_bytes, page_seconds } = this.settings;
    const room = Math.min(
      page_rows / Math.max(rows, 1),
      page_bytes / Math.max(bytes, 1),
      page_seconds / Math.max(seconds, 1e-6),
    );
    this.wanted = Math.max(1, Math.min(this.most, units * Math.min(room, GROWTH_MAX)));
  }

  /** The page was too much, or failed in a way that a smaller one may not. */
  shrink(): void {
    this.wanted = Math.max(1, this.units / 2);
  }
}
