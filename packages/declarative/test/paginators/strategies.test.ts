import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { cursorPagination } from '../../src/components/paginators/cursor-pagination.js';
import { offsetIncrement } from '../../src/components/paginators/offset-increment.js';
import { pageIncrement } from '../../src/components/paginators/page-increment.js';
import { type PageFacts, paginationStrategySlot } from '../../src/components/paginators/slot.js';
import { build } from '../selectors/build-word.js';

const WORDS = [cursorPagination, offsetIncrement, pageIncrement];

function strategy(raw: JsonObject, config: JsonObject = {}) {
  return build(raw, paginationStrategySlot, WORDS, { config });
}

function facts(given: Partial<PageFacts>): PageFacts {
  return {
    response: {},
    headers: {},
    lastPageSize: 0,
    lastRecord: undefined,
    lastToken: undefined,
    scope: {},
    ...given,
  };
}

describe('OffsetIncrement', () => {
  it.each([
    ['the first page', { page_size: 3 }, { lastPageSize: 3 }, 3],
    ['a later page', { page_size: 3 }, { lastPageSize: 3, lastToken: 6 }, 9],
    ['a page that is not full', { page_size: 3 }, { lastPageSize: 2, lastToken: 6 }, undefined],
    ['an empty page', { page_size: 3 }, { lastPageSize: 0 }, undefined],
    ['more records than were asked for', { page_size: 3 }, { lastPageSize: 5, lastToken: 3 }, 8],
    ['no page size', {}, { lastPageSize: 1, lastToken: 3 }, 4],
    ['no page size and an empty page', {}, { lastPageSize: 0, lastToken: 3 }, undefined],
    ['a size from the configuration', { page_size: "{{ config['n'] }}" }, { lastPageSize: 2 }, undefined],
    [
      'a size from the response',
      { page_size: "{{ response['limit'] }}" },
      { lastPageSize: 2, response: { limit: 2 } },
      2,
    ],
    ['a smaller size in force', { page_size: 10 }, { lastPageSize: 5, pageSize: 5, lastToken: 10 }, 15],
  ])('after %s', (_, fields, given, next) => {
    expect(strategy({ type: 'OffsetIncrement', ...fields }, { n: 3 }).next(facts(given))).toBe(next);
  });

  it('begins with 0 when the first request is to carry it', () => {
    expect(strategy({ type: 'OffsetIncrement' }).initialToken).toBeUndefined();
    expect(strategy({ type: 'OffsetIncrement', inject_on_first_request: true }).initialToken).toBe(0);
  });

  it('knows its page size only where the configuration decides it', () => {
    expect(strategy({ type: 'OffsetIncrement', page_size: '50' }).pageSize).toBe(50);
    expect(strategy({ type: 'OffsetIncrement', page_size: "{{ config['n'] }}" }, { n: 7 }).pageSize).toBe(7);
    expect(strategy({ type: 'OffsetIncrement', page_size: "{{ response['n'] }}" }).pageSize).toBeUndefined();
    expect(() => strategy({ type: 'OffsetIncrement', page_size: "{{ config['n'] }}" }, { n: 'many' })).toThrow(
      'must be a whole number',
    );
  });

  it('refuses a token of another strategy', () => {
    expect(() => strategy({ type: 'OffsetIncrement' }).next(facts({ lastPageSize: 1, lastToken: 'abc' }))).toThrow(
      'not a whole number',
    );
  });
});

describe('PageIncrement', () => {
  it.each([
    ['the first page', {}, { lastPageSize: 3 }, 1],
    ['the first page where pages begin at 1', { start_from_page: 1 }, { lastPageSize: 3 }, 2],
    ['page 0 where pages begin at -1', { start_from_page: -1 }, { lastPageSize: 3 }, 0],
    ['a later page', { start_from_page: 1 }, { lastPageSize: 3, lastToken: 4 }, 5],
    ['a page that is not full', {}, { lastPageSize: 2, lastToken: 4 }, undefined],
  ])('after %s', (_, fields, given, next) => {
    expect(strategy({ type: 'PageIncrement', page_size: 3, ...fields }).next(facts(given))).toBe(next);
  });

  it('begins with its first page when the first request is to carry it', () => {
    const raw = { type: 'PageIncrement', start_from_page: 1 };
    expect(strategy(raw).initialToken).toBeUndefined();
    expect(strategy({ ...raw, inject_on_first_request: true }).initialToken).toBe(1);
  });

  it('refuses a smaller page size: pages would be skipped', () => {
    const paging = strategy({ type: 'PageIncrement', page_size: 10 });
    expect(() => paging.next(facts({ lastPageSize: 5, pageSize: 5 }))).toThrow('cannot go on with a smaller page size');
  });
});

describe('CursorPagination', () => {
  const cursor = (cursor_value: string, more: JsonObject = {}) =>
    strategy({ type: 'CursorPagination', cursor_value, ...more });

  it.each([
    ['a field of the response', "{{ response['next'] }}", { response: { next: 'abc' } }, 'abc'],
    ['a number', "{{ response['next'] }}", { response: { next: 12 } }, 12],
    ['an object', "{{ response['next'] }}", { response: { next: { after: 'x' } } }, { after: 'x' }],
    ['null', "{{ response['next'] }}", { response: { next: null } }, undefined],
    ['an empty text', "{{ response['next'] }}", { response: { next: '' } }, undefined],
    ['zero', "{{ response['next'] }}", { response: { next: 0 } }, undefined],
    ['an empty object', "{{ response['next'] }}", { response: { next: {} } }, undefined],
    ['the last record', "{{ last_record['id'] }}", { lastRecord: { id: 7 } }, 7],
    ['no record', "{{ last_record['id'] }}", {}, undefined],
    ['a header, as it is written', "{{ headers['X-Next-Page'] }}", { headers: { 'x-next-page': '2' } }, 2],
    [
      'the link to the next page',
      "{{ headers['link']['next']['url'] }}",
      { headers: { link: '<https://a/?p=2>; rel="next", <https://a/?p=9>; rel="last"' } },
      'https://a/?p=2',
    ],
    ['the slice', "{{ stream_slice['id'] }}", { scope: { stream_slice: { id: 'p1' } } }, 'p1'],
  ])('finds %s', (_, value, given, next) => {
    expect(cursor(value).next(facts(given))).toEqual(next);
  });

  it('stops where its condition holds', () => {
    const paging = cursor("{{ response['next'] }}", {
      stop_condition: '{{ last_page_size < page_size }}',
      page_size: 3,
    });
    expect(paging.next(facts({ response: { next: 'a' }, lastPageSize: 3 }))).toBe('a');
    expect(paging.next(facts({ response: { next: 'a' }, lastPageSize: 2 }))).toBeUndefined();
    expect(paging.next(facts({ response: { next: 'a' }, lastPageSize: 2, pageSize: 2 }))).toBe('a');
  });

  it('refuses a condition that reads a page size which it does not have', () => {
    expect(() => cursor('{{ response.next }}', { stop_condition: '{{ last_page_size < page_size }}' })).toThrow(
      'has no page_size',
    );
  });
});
