import { slot } from '../../component/slot.js';

/** What happens when the API lets paging go no further. */
export interface PaginationReset {
  readonly action: 'RESET' | 'SPLIT_USING_CURSOR';
  /** Records after which paging begins anew by itself; undefined: only when the error handler says so. */
  readonly recordsMax: number | undefined;
}
export const paginationResetSlot = slot<PaginationReset>('pagination reset');

/** After how much paging begins anew. */
export interface PaginationResetLimits {
  readonly recordsMax: number | undefined;
}
export const paginationResetLimitsSlot = slot<PaginationResetLimits>('pagination reset limit');

/** How the page size shrinks when the API refuses a page for its size. */
export interface PageSizeReduction {
  readonly factor: number;
  readonly smallest: number;
  readonly attemptsMax: number;
  readonly backoffSeconds: number;
  readonly retriesAtSmallest: number;
  readonly failureMessage: string | undefined;
  readonly growsAgain: boolean;
}
export const pageSizeReductionSlot = slot<PageSizeReduction>('page size reduction');

/** How a slice is split when the API refuses its window. */
export interface RequestWindowSplitting {
  readonly failureMessage: string | undefined;
  /** ISO 8601 duration; no window of at most this length is split. */
  readonly smallest: string | undefined;
}
export const requestWindowSplittingSlot = slot<RequestWindowSplitting>('request window splitting');
