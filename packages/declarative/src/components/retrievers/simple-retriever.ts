import { canonical, type Json } from '@tidemark/protocol';
import type { Page, RecordData } from '@tidemark/source';
import { component } from '../../component/define.js';
import type { Scope } from '../../component/expression.js';
import { field } from '../../component/field.js';
import { PositionRefused } from '../../http/signals.js';
import { type Decoder, decoderSlot } from '../decoders/slot.js';
import { type Paginator, paginatorSlot } from '../paginators/slot.js';
import { cartesianProduct } from '../partition-routers/cartesian-product.js';
import { type PartitionRouter, partitionRouterSlot } from '../partition-routers/slot.js';
import { mergeParts } from '../requesters/merge-parts.js';
import { type Requester, type RequestParts, requesterSlot } from '../requesters/slot.js';
import { type RecordSelector, recordSelectorSlot, type Selection } from '../selectors/slot.js';
import { PaginationGuard } from './pagination-guard.js';
import { sliceScope } from './slice-scope.js';
import { type Retrieval, type Retriever, retrieverSlot } from './slot.js';

/** The word for reading page after page by requests and answers. */
export const simpleRetriever = component('SimpleRetriever', {
  slot: retrieverSlot,
  doc: 'Fetches records by one request a page, page after page, for each partition and slice of the stream.',
  fields: {
    requester: field.slot(requesterSlot).defaultType('HttpRequester').doc('Sends the requests.'),
    record_selector: field.slot(recordSelectorSlot).defaultType('RecordSelector').doc('Takes the records out of the answers.'),
    decoder: field.slot(decoderSlot).default({ type: 'JsonDecoder' }).doc('Decodes the answers.'),
    paginator: field.slot(paginatorSlot).optional().defaultType('NoPagination').doc('Finds the next page.'),
    partition_router: field
      .either(field.slot(partitionRouterSlot), field.list(field.slot(partitionRouterSlot)))
      .optional()
      .doc('Cuts the stream into partitions. Several routers give every combination of theirs.'),
    ignore_stream_slicer_parameters_on_paginated_requests: field
      .boolean()
      .default(false)
      .doc('Ask for the second and later pages with the page token alone, without what partition and cursor add.'),
    pagination_reset: field.object().optional().doc('What to do when the API lets paging go no further.'),
    page_size_reduction: field.object().optional().doc('How the page size shrinks when the API refuses it.'),
    request_window_splitting: field.object().optional().doc('How the slice is split when the API refuses its window.'),
  },
  build({ fields, context }): Retriever {
    const routers = fields.partition_router;
    const router = Array.isArray(routers) ? (routers.length > 1 ? cartesianProduct(routers) : routers[0]) : routers;
    return new SimpleRetriever(
      {
        stream: context.stream?.name ?? '',
        primaryKey: context.stream?.primaryKey ?? [],
        requester: fields.requester,
        selector: fields.record_selector,
        decoder: fields.decoder,
        paginator: fields.paginator,
        leanPages: fields.ignore_stream_slicer_parameters_on_paginated_requests,
        guard: context.settings.paginationGuard ? context.settings.pagesWithoutNewKeyMax : 0,
      },
      router,
    );
  },
});

interface RetrieverParts {
  stream: string;
  primaryKey: readonly string[][];
  requester: Requester;
  selector: RecordSelector;
  decoder: Decoder;
  paginator: Paginator | undefined;
  /** Only the first page carries what partition and cursor add. */
  leanPages: boolean;
  /** Pages without a new key that end a unit; 0: no guard. */
  guard: number;
}

/** What came of one request. */
interface Fetched {
  selections: AsyncIterable<Selection & { body: unknown }>;
  headers: Readonly<Record<string, string>>;
  bytes: Uint8Array | undefined;
}

class SimpleRetriever implements Retriever {
  readonly isPaginated: boolean;
  constructor(
    private readonly parts: RetrieverParts,
    readonly partitionRouter: PartitionRouter | undefined,
  ) {
    this.isPaginated = parts.paginator?.isPaginated ?? false;
  }

  fingerprint(): string {
    const { requester, paginator } = this.parts;
    return canonical([requester.fingerprint({}), paginator?.fingerprint ?? null]);
  }

  async *pages(retrieval: Retrieval): AsyncIterable<Page> {
    const { paginator, guard: guardPages } = this.parts;
    const scope = sliceScope(retrieval);
    const guard = guardPages > 0 ? new PaginationGuard(this.parts.stream, this.parts.primaryKey, guardPages) : undefined;
    let token: Json | undefined = retrieval.position ?? paginator?.initialToken;
    let isResumed = retrieval.position !== undefined;
    for (;;) {
      let fetched: Fetched | undefined;
      try {
        fetched = await this.fetch(token, retrieval, scope, isResumed);
      } catch (error) {
        if (!isResumed || !(error instanceof PositionRefused)) throw error;
        retrieval.onRestart?.(error.message);
        isResumed = false;
        token = paginator?.initialToken;
        continue;
      }
      isResumed = false;
      if (!fetched) return;
      const end = { next: undefined as Json | undefined };
      yield* this.emit(fetched, token, retrieval, scope, guard, end);
      if (end.next === undefined) return;
      token = end.next;
    }
  }

  private async fetch(token: Json | undefined, retrieval: Retrieval, scope: Scope, isResumed: boolean): Promise<Fetched | undefined> {
    const { requester, decoder, selector, paginator, leanPages } = this.parts;
    const requestScope = token === undefined ? scope : { ...scope, next_page_token: { next_page_token: token } };
    const parts: RequestParts[] = [paginator?.parts(token) ?? {}];
    if (token === undefined || !leanPages) {
      parts.push(retrieval.parts?.(scope) ?? {}, this.partitionRouter?.parts(scope) ?? {});
    }
    const response = await requester.send({
      scope: requestScope,
      parts: mergeParts(parts),
      signal: retrieval.signal,
      streamed: decoder.isStreamed,
      isResumed,
    });
    if (!response) return undefined;
    const { signal, keep } = retrieval;
    async function* selections(): AsyncIterable<Selection & { body: unknown }> {
      for await (const bodies of decoder.decode(response!)) {
        const selection = await selector.select(bodies, requestScope, { signal, keep });
        yield { ...selection, body: bodies[0] };
      }
    }
    return { selections: selections(), headers: response.headers, bytes: decoder.isStreamed ? undefined : response.bytes() };
  }

  /** Emits the records of one answer; the last piece of it carries the token of the next page, put into `end` too. */
  private async *emit(
    fetched: Fetched,
    token: Json | undefined,
    retrieval: Retrieval,
    scope: Scope,
    guard: PaginationGuard | undefined,
    end: { next: Json | undefined },
  ): AsyncIterable<Page> {
    let held: RecordData[] | undefined;
    let body: unknown;
    let count = 0;
    let last: RecordData | undefined;
    for await (const selection of fetched.selections) {
      // Held back by one, because only the last piece of an answer knows the next page.
      if (held) yield { records: held, more: true };
      else body = selection.body;
      held = selection.records;
      count += selection.rawCount;
      last = selection.lastRecord ?? last;
    }
    const next = this.next({ fetched, token, scope, body, count, last, retrieval });
    guard?.observe({ next, token, body: fetched.bytes, records: held ?? [] });
    end.next = next;
    yield { records: held ?? [], ...(next === undefined ? {} : { next }) };
  }

  private next(page: {
    fetched: Fetched;
    token: Json | undefined;
    scope: Scope;
    body: unknown;
    count: number;
    last: RecordData | undefined;
    retrieval: Retrieval;
  }): Json | undefined {
    const { paginator } = this.parts;
    if (!paginator?.isPaginated) return undefined;
    const { isNew } = page.retrieval;
    // A data feed comes newest first: what follows a record that is known is known too.
    if (isNew && page.last !== undefined && !isNew(page.last)) return undefined;
    const next = paginator.next({
      response: page.body,
      headers: page.fetched.headers,
      lastPageSize: page.count,
      lastRecord: page.last,
      lastToken: page.token,
      scope: page.scope,
    });
    return isEnd(next) ? undefined : next;
  }
}

/** Null, false, zero and empty text mean: no next page. */
function isEnd(token: Json | undefined): boolean {
  return token === undefined || token === null || token === '' || token === false || token === 0 || (Array.isArray(token) && token.length === 0);
}
