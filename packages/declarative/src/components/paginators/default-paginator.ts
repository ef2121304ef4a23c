import { toText } from '@tidemark/interpolation';
import { type Json, type JsonObject, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import {
  type RequestOption,
  type RequestParts,
  type RequestPath,
  requestOptionSlot,
  requestPathSlot,
} from '../requesters/slot.js';
import {
  type PageFacts,
  type PaginationStrategy,
  type Paginator,
  paginationStrategySlot,
  paginatorSlot,
} from './slot.js';

/** Asks page after page until its strategy finds no next one. */
class StrategyPaginator implements Paginator {
  readonly isPaginated = true;
  constructor(
    private readonly strategy: PaginationStrategy,
    private readonly sizeOption: RequestOption | undefined,
    private readonly tokenOption: RequestOption | RequestPath | undefined,
    readonly fingerprint: Json,
  ) {}

  get initialToken(): Json | undefined {
    return this.strategy.initialToken;
  }
  get pageSize(): number | undefined {
    return this.strategy.pageSize;
  }
  get countsRecords(): boolean {
    return this.strategy.countsRecords === true;
  }
  next(facts: PageFacts): Json | undefined {
    return this.strategy.next(facts);
  }

  parts(token: Json | undefined, pageSize?: number): RequestParts {
    const parts: RequestParts = {};
    const { tokenOption, sizeOption } = this;
    if (tokenOption && token !== undefined && token !== null) {
      if ('isRequestPath' in tokenOption) parts.path = toText(token);
      else tokenOption.inject(parts, token);
    }
    const size = pageSize ?? this.strategy.pageSize;
    if (sizeOption && size) sizeOption.inject(parts, size);
    return parts;
  }
}

/** What decides the order and size of pages: the words as written and the size as it came out. */
function fingerprintOf(raw: JsonObject, pageSize: number | undefined): Json {
  return [stringify(raw), pageSize ?? null];
}

export const defaultPaginator = component('DefaultPaginator', {
  slot: paginatorSlot,
  doc: 'Reads page after page. The strategy finds the next page; the options say where its token and the page size go.',
  fields: {
    pagination_strategy: field.slot(paginationStrategySlot).doc('Finds the token of the next page.'),
    page_size_option: field
      .slot(requestOptionSlot)
      .defaultType('RequestOption')
      .optional()
      .doc('Where the page size goes in the request.'),
    page_token_option: field
      .either(field.slot(requestOptionSlot), field.slot(requestPathSlot))
      .optional()
      .doc('Where the page token goes in the request; `RequestPath` when the token is the URL of the next page.'),
  },
  examples: [
    {
      type: 'DefaultPaginator',
      pagination_strategy: { type: 'PageIncrement', page_size: 100, start_from_page: 1 },
      page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
      page_size_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'per_page' },
    },
  ],
  build: ({ fields, raw }): Paginator => {
    const { pagination_strategy: strategy, page_size_option: sizeOption, page_token_option: tokenOption } = fields;
    if (sizeOption && !strategy.pageSize) {
      throw new ConnectorError(
        'config',
        'A paginator has a page_size_option, but its pagination strategy has no page_size.',
      );
    }
    return new StrategyPaginator(strategy, sizeOption, tokenOption, fingerprintOf(raw, strategy.pageSize));
  },
});
