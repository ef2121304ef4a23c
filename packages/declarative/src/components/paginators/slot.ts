import type { Json } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';
import type { RequestParts } from '../requesters/slot.js';

/** What a pagination strategy is told of a page. Strategies hold no state: the next token follows from these facts alone. */
export interface PageFacts {
  /** The decoded body: the first where a decoder gives several, `{}` where it gives none. */
  response: unknown;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** How many records the page had **before** any filter. */
  lastPageSize: number;
  /** The selection's `lastRecord`. */
  lastRecord: RecordData | undefined;
  /** The token that this page was asked with. */
  lastToken: Json | undefined;
  /** `stream_slice` and its kin, for templates. */
  scope: Scope;
  /** In force instead of the strategy's own page size (PageSizeReduction). */
  pageSize?: number;
}

/** Finds the next page. */
export interface PaginationStrategy {
  /** The token of the first request; undefined when it has none. */
  readonly initialToken: Json | undefined;
  /** Records a page; undefined when the strategy has none. */
  readonly pageSize: number | undefined;
  /** The token is reckoned from the number of records, which must be that of one list. */
  readonly countsRecords?: boolean;
  /** The token of the next page; undefined (or null, '' and the like for cursors) at the end. */
  next(facts: PageFacts): Json | undefined;
}
export const paginationStrategySlot = slot<PaginationStrategy>('pagination strategy');

/** Pages through a unit. */
export interface Paginator {
  /** True when there can be a second page: then positions can be kept. */
  readonly isPaginated: boolean;
  readonly initialToken: Json | undefined;
  readonly pageSize: number | undefined;
  /** The token is reckoned from the number of records, which must be that of one list. */
  readonly countsRecords?: boolean;
  next(facts: PageFacts): Json | undefined;
  /** What the token and the page size add to the request. */
  parts(token: Json | undefined, pageSize?: number): RequestParts;
  /** What decides the order and size of pages: part of a position's fingerprint. */
  readonly fingerprint: Json;
}
export const paginatorSlot = slot<Paginator>('paginator');
