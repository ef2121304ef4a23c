import type { Page } from '@tidemark/source';
import type { CopiedPage } from './copied-page.js';

/** A page that was fetched. */
export interface Fetched {
  /** Absent: nothing to hand over, fetch on. */
  page?: CopiedPage;
  isLast: boolean;
}

/**
 * Hands pages over while the next one is fetched: the server works while the destination does. Two pages are in memory at
 * most; buffers go round. What fetching throws comes after the pages before it.
 */
export async function* ahead(fetch: (into: Buffer | undefined) => Promise<Fetched>): AsyncGenerator<Page> {
  let spare: Buffer | undefined;
  let next: Promise<Fetched> | undefined = fetch(undefined);
  try {
    while (next) {
      const { page, isLast }: Fetched = await next;
      next = isLast ? undefined : fetch(spare);
      spare = undefined;
      // It may fail while the page in hand is on its way; it is looked at afterwards.
      next?.catch(() => undefined);
      if (!page) continue;
      yield page;
      spare = page.release();
    }
  } finally {
    await next?.catch(() => undefined);
  }
}
