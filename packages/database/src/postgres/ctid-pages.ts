import { ConnectorError, type Page } from '@tidemark/source';
import { type Chunk, PartChanged, type ReadingSettings } from '../dialect.js';
import { PageSize } from '../page-size.js';
import { ahead, type Fetched } from './ahead.js';
import type { PageMaker } from './copied-page.js';
import type { CopiedRows } from './copy-out.js';
import { lastTexts } from './copy-texts.js';
import type { Relation } from './relation.js';
import type { ReaderSession } from './session.js';
import { type Ctid, copyBlocks, copyTuples, parseCtid } from './statements.js';

/** A page that weighs this many times what it should is broken off and read in smaller steps. */
export const OVERWEIGHT = 4;
/** Empty blocks are passed over in steps of at most this many. */
const BLOCKS_MAX = 16_384;

/** What reads the blocks of one physical table. */
export interface CtidPages {
  readonly relation: Relation;
  readonly columns: readonly string[];
  readonly session: ReaderSession;
  readonly makePage: PageMaker;
  readonly settings: ReadingSettings;
  readonly tidRanges: boolean;
  /** The table's length in blocks now. */
  readonly blocksNow: () => Promise<number>;
  /** The file that the table is in now; null when it is gone. */
  readonly filenodeNow: () => Promise<string | null>;
  /** One more condition for the rows. */
  readonly filter?: string;
}

/**
 * The pages of a chunk of blocks. A page is whole blocks, so no order within it is relied on and its position is the bound
 * between two blocks. Only where a single block weighs too much (values kept out of line) it is read row by row, in order.
 * Each statement says which file it read, under the lock that it read it with.
 */
export function ctidPages(chunk: Chunk, from: CtidPages, signal: AbortSignal): AsyncGenerator<Page> {
  const reader = new CtidReader(chunk, from, signal);
  return ahead((into) => reader.fetch(into));
}

class CtidReader {
  private at: Ctid;
  private readonly bound: Ctid | undefined;
  private end: number | undefined;
  private hasLookedAgain = false;
  private readonly blocks: PageSize;
  private readonly tuples: PageSize;
  /** Set while blocks are read row by row. */
  private isHeavy = false;
  /** What the block in hand has weighed so far. */
  private blockBytes = 0;

  constructor(
    private readonly chunk: Chunk,
    private readonly from: CtidPages,
    private readonly signal: AbortSignal,
  ) {
    const { range } = chunk;
    this.at = (range.pos ?? range.lo ?? [0, 0]) as Ctid;
    this.bound = range.hi === null ? undefined : (range.hi as Ctid);
    this.end = this.bound ? lastBlock(this.bound) : undefined;
    const { rowsPerBlock, bytesPerBlock } = from.relation;
    const { page_rows, page_bytes } = from.settings;
    // A quarter of what the statistics promise: they may be old, and they do not know how values are compressed.
    const first = Math.min(page_rows / Math.max(rowsPerBlock, 1), page_bytes / Math.max(bytesPerBlock, 1)) / 4;
    this.blocks = new PageSize(from.settings, Math.max(1, Math.min(first, 256)), BLOCKS_MAX);
    this.tuples = new PageSize(from.settings, 1, page_rows);
  }

  async fetch(into: Buffer | undefined): Promise<Fetched> {
    this.end ??= await this.from.blocksNow();
    if (this.at[0] >= this.end && !(await this.hasMore())) return { isLast: true };
    return this.isHeavy ? this.fetchTuples(into) : this.fetchBlocks(into);
  }

  /** The last range is open: what was appended while it was read is read as well, once. */
  private async hasMore(): Promise<boolean> {
    if (this.bound || this.hasLookedAgain) return false;
    this.hasLookedAgain = true;
    this.end = await this.from.blocksNow();
    return this.at[0] < this.end;
  }

  private async fetchBlocks(into: Buffer | undefined): Promise<Fetched> {
    const { relation, columns, settings, tidRanges, filter } = this.from;
    let to: Ctid = this.at;
    let units = 1;
    const started = performance.now();
    const copied = await this.copy(into, settings.page_bytes * OVERWEIGHT, this.blocks, () => {
      units = this.blocks.units;
      to = this.upTo(this.at[0] + units);
      return copyBlocks({ relation, columns, after: this.at, upTo: to, tidRanges, filter });
    });
    if (copied.isCut) {
      // Rows came in no certain order: none of them is taken.
      if (units === 1) this.isHeavy = true;
      while (this.blocks.units > Math.max(1, units / 16)) this.blocks.shrink();
      return { isLast: false };
    }
    this.blocks.took(units, costOf(copied, started));
    this.at = to;
    return this.page(copied);
  }

  /** One block, row after row: as many as weigh about a page. */
  private async fetchTuples(into: Buffer | undefined): Promise<Fetched> {
    const { relation, columns, settings, tidRanges, filter } = this.from;
    const to = this.upTo(this.at[0] + 1);
    let limit = 1;
    const started = performance.now();
    const copied = await this.copy(into, settings.page_bytes * OVERWEIGHT, this.tuples, () => {
      limit = this.tuples.units;
      return copyTuples({ relation, columns, after: this.at, upTo: to, tidRanges, filter, limit });
    });
    this.tuples.took(Math.max(1, copied.rows), costOf(copied, started));
    this.blockBytes += copied.length;
    if (copied.isCut) this.checkFile(await this.from.filenodeNow());
    if (copied.isCut || copied.rows >= limit) this.at = parseCtid(lastTexts(copied, 1)[0] ?? '');
    else {
      this.at = to;
      this.isHeavy = this.blockBytes > settings.page_bytes;
      this.blockBytes = 0;
    }
    return this.page(copied);
  }

  private upTo(block: number): Ctid {
    const { bound, end } = this;
    if (bound && block >= end!) return bound;
    return [Math.min(block, end!), 0];
  }

  private page(copied: CopiedRows): Fetched {
    const { bound } = this;
    const isLast = bound !== undefined && this.at[0] === bound[0] && this.at[1] === bound[1];
    const page = this.from.makePage.page(copied, isLast ? undefined : this.at);
    return { page, isLast };
  }

  private async copy(
    into: Buffer | undefined,
    bytesMax: number,
    size: PageSize,
    statement: () => string,
  ): Promise<CopiedRows> {
    const { session } = this.from;
    const onRetry = () => size.shrink();
    const copied = await session.copy({ statement, into, bytesMax, onRetry, signal: this.signal });
    // A copy that was broken off did not get to its check.
    if (!copied.isCut) this.checkFile(copied.after);
    return copied;
  }

  private checkFile(after: string | null | undefined): void {
    const { relation } = this.from;
    if (after === null || after === undefined) {
      throw new ConnectorError('config', `The table ${relation.id} was dropped while it was read.`);
    }
    const { identity } = this.chunk;
    if (identity.kind !== 'ctid' || after === String(identity.filenode)) return;
    throw new PartChanged('the table was rewritten on disk (VACUUM FULL, CLUSTER, TRUNCATE or ALTER TABLE)');
  }
}

function lastBlock([block, tuple]: Ctid): number {
  return tuple > 0 ? block + 1 : block;
}

function costOf(copied: CopiedRows, started: number) {
  return { rows: copied.rows, bytes: copied.length, seconds: (performance.now() - started) / 1000 };
}
