import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { cursorPagination } from '../../src/components/paginators/cursor-pagination.js';
import { customPaginationStrategy } from '../../src/components/paginators/custom-pagination-strategy.js';
import { defaultPaginator } from '../../src/components/paginators/default-paginator.js';
import { noPagination } from '../../src/components/paginators/no-pagination.js';
import { offsetIncrement } from '../../src/components/paginators/offset-increment.js';
import { pageIncrement } from '../../src/components/paginators/page-increment.js';
import { type PageFacts, type PaginationStrategy, paginatorSlot } from '../../src/components/paginators/slot.js';
import { requestOption } from '../../src/components/requesters/request-option.js';
import { requestPath } from '../../src/components/requesters/request-path.js';
import { build, type WordSetup } from '../selectors/build-word.js';

const WORDS = [
  cursorPagination,
  customPaginationStrategy,
  defaultPaginator,
  noPagination,
  offsetIncrement,
  pageIncrement,
  requestOption,
  requestPath,
];
const paginator = (raw: JsonObject, setup?: WordSetup) =>
  build({ type: 'DefaultPaginator', ...raw }, paginatorSlot, WORDS, setup);
const option = (field_name: string, inject_into = 'request_parameter') => ({
  type: 'RequestOption',
  inject_into,
  field_name,
});

describe('DefaultPaginator', () => {
  const pages = { pagination_strategy: { type: 'PageIncrement', page_size: 50, start_from_page: 1 } };

  it('puts token and size where its options say', () => {
    const made = paginator({
      ...pages,
      page_token_option: option('page'),
      page_size_option: option('Limit', 'header'),
    });
    expect(made.parts(undefined)).toEqual({ headers: { Limit: 50 } });
    expect(made.parts(3)).toEqual({ params: { page: 3 }, headers: { Limit: 50 } });
    expect(made.parts(0, 25)).toEqual({ params: { page: 0 }, headers: { Limit: 25 } });
  });

  it('follows a token that is a URL', () => {
    const made = paginator({
      pagination_strategy: { type: 'CursorPagination', cursor_value: "{{ response['next'] }}" },
      page_token_option: { type: 'RequestPath' },
    });
    expect(made.parts('https://a/next')).toEqual({ path: 'https://a/next' });
    expect(made.parts(undefined)).toEqual({});
  });

  it('has another fingerprint where pages are another size', () => {
    const sized = (size: number) =>
      paginator(
        { pagination_strategy: { type: 'OffsetIncrement', page_size: '{{ config.size }}' } },
        { config: { size } },
      );
    expect(sized(10).fingerprint).toEqual(sized(10).fingerprint);
    expect(sized(10).fingerprint).not.toEqual(sized(20).fingerprint);
  });

  it('refuses a size option without a size', () => {
    const raw = { pagination_strategy: { type: 'OffsetIncrement' }, page_size_option: option('limit') };
    expect(() => paginator(raw)).toThrow('has no page_size');
  });

  it('takes a strategy of the author', () => {
    class Keyset implements PaginationStrategy {
      readonly initialToken = undefined;
      readonly pageSize: number;
      constructor({ fields }: { fields: JsonObject }) {
        this.pageSize = Number(fields.size);
      }
      next({ lastRecord }: PageFacts) {
        return lastRecord?.id;
      }
    }
    const made = paginator(
      {
        pagination_strategy: { type: 'CustomPaginationStrategy', class_name: 'a.Keyset', size: 5 },
        page_token_option: option('after'),
      },
      { custom: (name) => (name === 'a.Keyset' ? Keyset : undefined) },
    );
    expect(made.pageSize).toBe(5);
    const facts: PageFacts = {
      response: {},
      headers: {},
      lastPageSize: 1,
      lastRecord: { id: 9 },
      lastToken: undefined,
      scope: {},
    };
    expect(made.parts(made.next(facts))).toEqual({ params: { after: 9 } });
  });
});

describe('NoPagination', () => {
  it('has one page', () => {
    const made = build({ type: 'NoPagination' }, paginatorSlot, WORDS);
    expect(made.isPaginated).toBe(false);
    expect(made.parts('x')).toEqual({});
  });
});
