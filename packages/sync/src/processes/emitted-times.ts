import type { RecordTimes } from '@tidemark/source';

/** Nobody has spoken the protocol before: what is below was written in seconds, or stands for nothing. */
const EARLIEST = Date.UTC(2000, 0, 1);
/** Two machines' clocks are not further apart than this: what is beyond was written in microseconds, or by a clock gone wrong. */
const AHEAD_MS = 86_400_000;

/**
 * The `emitted_at` of a page's records: one number for as long as they agree, a column when they do not. Pages are not split by
 * it, for a program that stamps every record as it goes would make hundreds of pages of what is one.
 */
export class EmittedTimes {
  private count = 0;
  private all = Number.NaN;
  private each: number[] | undefined;

  /** Takes a value as it came: it may be of any type, or missing. */
  add(emittedAt: unknown): void {
    const time = typeof emittedAt === 'number' ? emittedAt : Number(emittedAt ?? Number.NaN);
    if (this.count === 0) this.all = time;
    else if (!this.each && !Object.is(time, this.all)) this.each = new Array<number>(this.count).fill(this.all);
    this.each?.push(time);
    this.count++;
  }

  /** The times of the records since the last call. `now`, the runner's clock, stands in for each that is missing or senseless. */
  take(now: number): RecordTimes {
    const { each, all } = this;
    this.count = 0;
    this.each = undefined;
    const sensible = (time: number): number => (time >= EARLIEST && time <= now + AHEAD_MS ? Math.trunc(time) : now);
    return each ? Float64Array.from(each, sensible) : sensible(all);
  }
}
