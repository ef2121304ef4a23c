import { canonical, type Json, type JsonObject, stringify } from '@tidemark/protocol';
import { ConnectorError, type Page, type RecordData } from '@tidemark/source';
import { component } from '../../component/define.js';
import type { Scope } from '../../component/expression.js';
import { field } from '../../component/field.js';
import { type ApiResponse, BufferedResponse } from '../../http/response.js';
import {
  PageSizeReductionSignal,
  PaginationResetSignal,
  PositionRefused,
  RequestWindowSplitSignal,
} from '../../http/signals.js';
import { type Decoder, decoderSlot } from '../decoders/slot.js';
import { type Paginator, paginatorSlot } from '../paginators/slot.js';
import { cartesianProduct } from '../partition-routers/cartesian-product.js';
import { type PartitionRouter, partitionRouterSlot } from '../partition-routers/slot.js';
import { mergeParts } from '../requesters/merge-parts.js';
import { type Requester, type RequestParts, requesterSlot } from '../requesters/slot.js';
import { type RecordSelector, recordSelectorSlot, type Selection } from '../selectors/slot.js';
import { PageSize } from './page-size.js';
import { PaginationGuard } from './pagination-guard.js';
import {
  type PageSizeReduction,
  type PaginationReset,
  pageSizeReductionSlot,
  paginationResetSlot,
  type RequestWindowSplitting,
  requestWindowSplittingSlot,
} from './recovery-slot.js';
import { selectMerged } from './select-merged.js';
import { sliceScope } from './slice-scope.js';
import { type Retrieval, type Retriever, retrieverSlot } from './slot.js';
import { UnitWindows } from './unit-windows.js';

/** The word for reading page after page by requests and answers. */
export const simpleRetriever = component('SimpleRetriever', {
  slot: retrieverSlot,
  doc: 'Fetches records by one request a page, page after page, for each partition and slice of the stream.',
  fields: {
    requester: field.slot(requesterSlot).defaultType('HttpRequester').doc('Sends the requests.'),
    record_selector: field
      .slot(recordSelectorSlot)
      .defaultType('RecordSelector')
      .doc('Takes the records out of the answers.'),
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
    pagination_reset: field
      .slot(paginationResetSlot)
      .optional()
      .defaultType('PaginationReset')
      .doc('What to do when the API lets paging go no further.'),
    page_size_reduction: field
      .slot(pageSizeReductionSlot)
      .optional()
      .defaultType('PageSizeReduction')
      .doc('How the page size shrinks when the API refuses it.'),
    request_window_splitting: field
      .slot(requestWindowSplittingSlot)
      .optional()
      .defaultType('RequestWindowSplitting')
      .doc('How the slice is split when the API refuses its window.'),
  },
  examples: [
    {
      type: 'SimpleRetriever',
      requester: { type: 'HttpRequester', url: 'https://api.example.com/v1/projects' },
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['items'] } },
    },
  ],
  build({ fields, context }): Retriever {
    const routers = fields.partition_router;
    const { record_selector: selector, paginator } = fields;
    if (selector.countIsSum && paginator?.countsRecords) {
      throw new ConnectorError(
        'config',
        'OffsetIncrement cannot page over a CombinedExtractor in union mode: the sum of its lists is no offset.',
      );
    }
    const router = Array.isArray(routers) ? (routers.length > 1 ? cartesianProduct(routers) : routers[0]) : routers;
    return new SimpleRetriever(
      {
        stream: context.stream?.name ?? '',
        primaryKey: context.stream?.primaryKey ?? [],
        requester: fields.requester,
        selector,
        decoder: selector.decoder ?? fields.decoder,
        paginator,
        leanPages: fields.ignore_stream_slicer_parameters_on_paginated_requests,
        reset: fields.pagination_reset,
        reduction: fields.page_size_reduction,
        splitting: fields.request_window_splitting,
        sleep: (seconds, signal) => context.http.sleep(seconds * 1000, signal),
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
  reset: PaginationReset | undefined;
  reduction: PageSizeReduction | undefined;
  splitting: RequestWindowSplitting | undefined;
  sleep: (seconds: number, signal: AbortSignal) => Promise<void>;
  /** Pages without a new key that end a unit; 0: no guard. */
  guard: number;
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

  pages(retrieval: Retrieval): AsyncIterable<Page> {
    return new UnitReading(this.parts, this.partitionRouter, retrieval).pages();
  }
}

/** One unit being read. */
class UnitReading {
  private readonly windows: UnitWindows;
  private readonly pageSize: PageSize;
  private guard: PaginationGuard | undefined;
  private token: Json | undefined;
  private isResumed: boolean;
  private hasBegun = false;
  private chunks: Promise<readonly (readonly string[])[]> | undefined;
  /** With query properties in several requests: the answers of this page before the last one. */
  private earlier: ApiResponse[] = [];

  constructor(
    private readonly parts: RetrieverParts,
    private readonly router: PartitionRouter | undefined,
    private readonly retrieval: Retrieval,
  ) {
    this.windows = new UnitWindows(parts.stream, retrieval, parts.reset, parts.splitting);
    this.pageSize = new PageSize(parts.stream, parts.paginator?.pageSize, parts.reduction);
    this.isResumed = retrieval.position !== undefined;
    this.token = this.windows.begin ?? parts.paginator?.initialToken;
    this.resetGuard();
  }

  async *pages(): AsyncIterable<Page> {
    for (;;) {
      const slice = this.windows.slice;
      const scope = sliceScope({ ...this.retrieval, slice });
      let response: ApiResponse | undefined;
      try {
        response = this.firstPageInParent() ?? (await this.request(slice, scope));
      } catch (error) {
        await this.recover(error);
        continue;
      }
      this.isResumed = false;
      const hasNext = response ? yield* this.emit(response, scope) : yield* this.emitNothing();
      // Only now: whether the page was full is told by the size that it was asked for.
      this.pageSize.succeeded();
      if (!hasNext) return;
    }
  }

  private resetGuard(): void {
    const { guard, stream, primaryKey } = this.parts;
    this.guard = guard > 0 ? new PaginationGuard(stream, primaryKey, guard) : undefined;
  }

  /** The answer that the page is; with query properties the last of its answers. */
  private async request(slice: JsonObject, scope: Scope): Promise<ApiResponse | undefined> {
    const { properties } = this.parts.requester;
    if (!properties) return this.ask(slice, scope);
    const { extra, schema, signal } = this.retrieval;
    this.chunks ??= properties.chunks(schema, signal);
    this.earlier = [];
    let last: ApiResponse | undefined;
    for (const chunk of await this.chunks) {
      if (last) this.earlier.push(last);
      last = await this.ask(
        slice,
        sliceScope({ ...this.retrieval, slice, extra: { ...extra, query_properties: [...chunk] } }),
      );
    }
    return last;
  }

  private ask(slice: JsonObject, scope: Scope): Promise<ApiResponse | undefined> {
    const { requester, decoder, paginator, leanPages } = this.parts;
    const { token, retrieval } = this;
    const parts: RequestParts[] = [paginator?.parts(token, this.pageSize.override) ?? {}];
    if (token === undefined || !leanPages) parts.push(retrieval.parts?.(slice) ?? {}, this.router?.parts(scope) ?? {});
    return requester.send({
      scope: this.withToken(scope),
      parts: mergeParts(parts),
      signal: retrieval.signal,
      streamed: decoder.isStreamed,
      isResumed: this.isResumed && this.windows.begin !== undefined,
    });
  }

  /** The parent's record may hold the first page of its partition already (`lazy_read_pointer`). */
  private firstPageInParent(): ApiResponse | undefined {
    const { extra, position } = this.retrieval;
    if (this.hasBegun || !this.router?.isLazy || position !== undefined || extra?.child_response === undefined)
      return undefined;
    this.hasBegun = true;
    const head = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      url: '',
      request: { method: 'GET', url: '' },
    };
    return new BufferedResponse(head, new TextEncoder().encode(stringify(extra.child_response)));
  }

  private withToken(scope: Scope): Scope {
    return { ...scope, next_page_token: this.token === undefined ? null : { next_page_token: this.token } };
  }

  /** What the API or the error handler asks for instead of this page. Throws everything else. */
  private async recover(error: unknown): Promise<void> {
    const { retrieval, windows, parts } = this;
    if (error instanceof PositionRefused && this.isResumed) {
      retrieval.onRestart?.(error.message);
      windows.beginAnew();
    } else if (error instanceof PaginationResetSignal && parts.reset) {
      // What was read of this window is asked for again, unless the window begins where reading stopped.
      if (parts.reset.action === 'RESET' && windows.hasEmitted) {
        retrieval.onRestart?.('the API asked to begin its pages anew');
        windows.beginAnew();
      }
      windows.resetPaging();
    } else if (error instanceof PageSizeReductionSignal) {
      await parts.sleep(this.pageSize.reduce(error.message), retrieval.signal);
      return;
    } else if (error instanceof RequestWindowSplitSignal) {
      if (windows.split(error.message)) {
        retrieval.onRestart?.('the API refused the request window after it had given some of its pages');
        windows.beginAnew();
      }
    } else {
      throw error;
    }
    this.isResumed = false;
    this.token = parts.paginator?.initialToken;
    this.resetGuard();
  }

  /** The error handler says to ignore the answer: the window ends here. */
  private *emitNothing(): Iterable<Page, boolean> {
    const more = this.windows.advance();
    this.token = this.parts.paginator?.initialToken;
    this.resetGuard();
    if (more) yield { records: [], next: this.windows.position(undefined) };
    return more;
  }

  /** Emits the records of one answer, the position after it with the last of them. True when the unit goes on. */
  private async *emit(response: ApiResponse, scope: Scope): AsyncGenerator<Page, boolean> {
    const { decoder } = this.parts;
    const facts = { body: undefined as unknown, count: 0, last: undefined as RecordData | undefined };
    const scopeOfPage = this.withToken(scope);
    let held: RecordData[] | undefined;
    let isLimited = false;
    for await (const selection of this.selections(response, scopeOfPage)) {
      // Held back by one, because only the last piece of an answer knows what comes after it.
      if (held) yield { records: held, more: true };
      else facts.body = selection.body;
      held = selection.records;
      facts.count += selection.rawCount;
      facts.last = selection.lastRecord ?? facts.last;
      isLimited = this.windows.observe(selection.records as JsonObject[], selection.rawCount) || isLimited;
    }
    const body = decoder.isStreamed ? undefined : response.bytes();
    const next = this.goOn(response, facts, scope, isLimited, body, held ?? []);
    yield { records: held ?? [], ...(next === undefined ? {} : { next }) };
    return next !== undefined;
  }

  private async *selections(response: ApiResponse, scope: Scope): AsyncIterable<Selection & { body: unknown }> {
    const { decoder, selector, requester } = this.parts;
    const { signal, keep } = this.retrieval;
    const { properties } = requester;
    if (properties && this.earlier.length > 0) {
      yield await selectMerged([...this.earlier, response], { properties, decoder, selector, scope, signal, keep });
      return;
    }
    for await (const bodies of decoder.decode(response)) {
      yield { ...(await selector.select(bodies, scope, { signal, keep })), body: bodies[0] };
    }
  }

  /** Moves to the next page or window and names the position; undefined at the end of the unit. */
  private goOn(
    response: ApiResponse,
    facts: { body: unknown; count: number; last: RecordData | undefined },
    scope: Scope,
    isLimited: boolean,
    body: Uint8Array | undefined,
    records: RecordData[],
  ): Json | undefined {
    const { windows } = this;
    const next = this.nextToken(response, facts, scope);
    if (isLimited && next !== undefined) {
      windows.resetPaging();
      this.token = this.parts.paginator?.initialToken;
      this.resetGuard();
      return windows.position(this.token);
    }
    this.guard?.observe({ next, token: this.token, body, records });
    if (next !== undefined) {
      this.token = next;
      return windows.position(next);
    }
    if (!windows.advance()) return undefined;
    this.token = this.parts.paginator?.initialToken;
    this.resetGuard();
    return windows.position(this.token);
  }

  private nextToken(
    response: ApiResponse,
    facts: { body: unknown; count: number; last: RecordData | undefined },
    scope: Scope,
  ): Json | undefined {
    const { paginator } = this.parts;
    if (!paginator?.isPaginated) return undefined;
    const { isNew } = this.retrieval;
    // A data feed comes newest first: what follows a record that is known is known too.
    if (isNew && facts.last !== undefined && !isNew(facts.last)) return undefined;
    const next = paginator.next({
      response: facts.body,
      headers: response.headers,
      lastPageSize: facts.count,
      lastRecord: facts.last,
      lastToken: this.token,
      scope,
      pageSize: this.pageSize.override,
    });
    return isEnd(next) ? undefined : next;
  }
}

/** Null, false and what is empty mean: no next page. Zero can be the number of a page. */
function isEnd(token: Json | undefined): boolean {
  if (token === undefined || token === null || token === '' || token === false) return true;
  return typeof token === 'object' && Object.getPrototypeOf(token) === Object.prototype
    ? Object.keys(token).length === 0
    : Array.isArray(token) && token.length === 0;
}
