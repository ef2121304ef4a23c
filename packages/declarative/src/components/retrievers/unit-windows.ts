import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { PaginationReset, RequestWindowSplitting } from './recovery-slot.js';
import type { Retrieval } from './slot.js';

/** Splits of splits that are allowed: a window that does not shrink would be split for ever. */
const SPLIT_DEPTH_MAX = 10;

/** A part of a unit's slice that is still to be read. */
interface Window {
  slice: JsonObject;
  depth: number;
}

/**
 * The slice of a unit as the windows that the API lets it be read in: one, unless it was split or narrowed. The position of a
 * unit of one untouched window is the page token itself; otherwise it names the windows that are left.
 */
export class UnitWindows {
  /** All windows in order; those before `index` are read. */
  private windows: Window[];
  private index = 0;
  /** The token that the current window is to be begun with. */
  readonly begin: Json | undefined;
  private highest: Json | undefined;
  private resets = 0;
  private isResumed: boolean;
  private count = 0;
  /** True once records of the current window have been emitted. */
  hasEmitted = false;

  constructor(
    private readonly stream: string,
    private readonly retrieval: Retrieval,
    private readonly reset: PaginationReset | undefined,
    private readonly splitting: RequestWindowSplitting | undefined,
  ) {
    const position = retrieval.position;
    const kept = windowPosition(position);
    this.isResumed = position !== undefined;
    this.windows = kept ? kept.windows.map((slice) => ({ slice, depth: 0 })) : [{ slice: retrieval.slice, depth: 0 }];
    this.begin = kept ? kept.token : position;
  }

  get slice(): JsonObject {
    return this.windows[this.index]!.slice;
  }

  /** Records of a page of the current window; true when the limit says that its paging must begin anew. */
  observe(records: JsonObject[], rawCount: number): boolean {
    this.count += rawCount;
    this.hasEmitted ||= records.length > 0;
    const { window } = this.retrieval;
    if (this.reset?.action === 'SPLIT_USING_CURSOR' && window) {
      const highest = window.highest(records);
      if (highest !== undefined && (this.highest === undefined || window.compare(this.highest, highest) < 0))
        this.highest = highest;
    }
    return this.reset?.recordsMax !== undefined && this.count >= this.reset.recordsMax;
  }

  /** The current window is read; false when it was the last. */
  advance(): boolean {
    this.index++;
    this.hasEmitted = false;
    this.highest = undefined;
    this.count = 0;
    return this.index < this.windows.length;
  }

  /** What a resumed run begins with, for a token of the current window (or the beginning of it). */
  position(token: Json | undefined): Json {
    const isWhole = this.windows.length === 1 && this.slice === this.retrieval.slice;
    const left = this.windows.slice(this.index).map((window) => window.slice);
    return isWhole && token !== undefined ? token : { windows: left, token: token ?? null };
  }

  /** The paging of the current window begins anew: from the highest value seen, or once more from its beginning. */
  resetPaging(): void {
    const { window } = this.retrieval;
    this.count = 0;
    if (this.reset?.action === 'SPLIT_USING_CURSOR' && window && this.highest !== undefined) {
      const narrowed = window.narrow(this.slice, this.highest);
      if (JSON.stringify(narrowed) !== JSON.stringify(this.slice)) {
        this.windows[this.index] = { slice: narrowed, depth: 0 };
        return;
      }
    } else if (this.reset?.action !== 'SPLIT_USING_CURSOR' && this.resets++ === 0) {
      return;
    }
    throw new ConnectorError('system', `The pages of the stream '${this.stream}' begin anew without getting further.`, {
      stream: this.stream,
    });
  }

  /** The API refuses the current window: two halves take its place. True when the unit must begin anew. */
  split(why: string): boolean {
    const current = this.windows[this.index]!;
    const { window } = this.retrieval;
    if (!this.splitting || !window) {
      throw new ConnectorError(
        'config',
        `The stream '${this.stream}' is told to split its request window but has no ${this.splitting ? 'cursor to split by' : 'request_window_splitting'}.`,
      );
    }
    const halves = current.depth < SPLIT_DEPTH_MAX ? window.split(current.slice, this.splitting.smallest) : undefined;
    if (!halves) {
      const hint = this.splitting.failureMessage ? ` ${this.splitting.failureMessage}` : '';
      throw new ConnectorError(
        'transient',
        `The API refuses the request window of the stream '${this.stream}' even at its smallest.${hint}`,
        { detail: why, stream: this.stream },
      );
    }
    this.windows.splice(this.index, 1, ...halves.map((slice) => ({ slice, depth: current.depth + 1 })));
    const mustBeginAnew = this.hasEmitted;
    this.hasEmitted = false;
    return mustBeginAnew;
  }

  /** Everything from the beginning; splits that were found necessary stay, unless this run saw only the rest of the unit. */
  beginAnew(): void {
    if (this.isResumed) this.windows = [{ slice: this.retrieval.slice, depth: 0 }];
    this.isResumed = false;
    this.index = 0;
    this.hasEmitted = false;
    this.highest = undefined;
    this.count = 0;
  }
}

/** A position that names windows, if this is one. */
function windowPosition(position: Json | undefined): { windows: JsonObject[]; token: Json | undefined } | undefined {
  if (position === null || typeof position !== 'object' || Array.isArray(position) || !('windows' in position))
    return undefined;
  const { windows, token } = position as JsonObject;
  if (!Array.isArray(windows) || windows.length === 0) return undefined;
  return { windows: windows as JsonObject[], token: token ?? undefined };
}
