import type { Json } from '@tidemark/protocol';
import type { Page } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import { PageSize } from '../page-size.js';
import { ahead, type Fetched } from './ahead.js';
import type { PageMaker } from './copied-page.js';
import type { CopiedRows } from './copy-out.js';
import { lastTexts } from './copy-texts.js';
import { OVERWEIGHT } from './ctid-pages.js';
import type { Relation } from './relation.js';
import type { ReaderSession } from './session.js';
import { copyOrdered } from './statements.js';

/** Rows in the order of some expressions that are unique together. */
export interface OrderedPages {
  readonly relation: Relation;
  readonly columns: readonly string[];
  /** What the rows are ordered by, as SQL writes it; their texts come after the columns. */
  readonly order: readonly string[];
  readonly session: ReaderSession;
  readonly makePage: PageMaker;
  readonly settings: ReadingSettings;
  /** Conditions for the rows after these texts; without them, for the first. */
  readonly where: (after: readonly string[] | undefined) => string[];
  readonly after: readonly string[] | undefined;
  /** What a page says of its position. Without it: the texts of its last row's order, and nothing for the last page. */
  readonly positionOf?: (copied: CopiedRows, after: readonly string[] | undefined) => Json;
  /** Called with the file that was read; throws when it is another one. */
  readonly checkFile?: (filenode: string | null) => void;
}

/** The pages of rows in order: each a statement of its own that begins after the last row of the one before. */
export function orderedPages(from: OrderedPages, signal: AbortSignal): AsyncGenerator<Page> {
  const { relation, columns, order: positions, session, makePage, settings, positionOf, checkFile } = from;
  const size = new PageSize(settings, Math.min(256, settings.page_rows), settings.page_rows);
  const order = positions.join(', ');
  const withFile = checkFile !== undefined;
  let { after } = from;
  return ahead(async (into): Promise<Fetched> => {
    let limit = 0;
    const started = performance.now();
    const statement = (): string => {
      limit = size.units;
      return copyOrdered({ relation, columns, positions, where: from.where(after), order, limit, withFile });
    };
    const bytesMax = settings.page_bytes * OVERWEIGHT;
    const copied = await session.copy({ statement, into, bytesMax, onRetry: () => size.shrink(), signal });
    if (!copied.isCut) checkFile?.(copied.after ?? null);
    const seconds = (performance.now() - started) / 1000;
    size.took(Math.max(1, copied.rows), { rows: copied.rows, bytes: copied.length, seconds });
    const isLast = !copied.isCut && copied.rows < limit;
    if (copied.rows > 0) after = lastTexts(copied, positions.length) as string[];
    const next = positionOf ? positionOf(copied, after) : isLast || !after ? undefined : [...after];
    return { page: makePage.page(copied, next), isLast };
  });
}
