import { Decimal, type Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field, type Scope } from '../../component/index.js';
import { headerScope } from './header-scope.js';
import { configuredPageSize } from './page-size.js';
import { type PageFacts, type PaginationStrategy, paginationStrategySlot } from './slot.js';

const SCOPE = [
  'response',
  'headers',
  'last_record',
  'last_page_size',
  'page_size',
  'stream_slice',
  'stream_partition',
  'stream_interval',
];

export const cursorPagination = component('CursorPagination', {
  slot: paginationStrategySlot,
  doc: 'The token of the next page stands in the response, its headers or the last record. Nothing there: the last page.',
  fields: {
    cursor_value: field
      .template({ scope: SCOPE })
      .doc('The token of the next page.')
      .example('{{ response.next_cursor }}', "{{ headers['link']['next']['url'] }}", "{{ last_record['id'] }}"),
    page_size: field
      .template({ allow: ['integer'] })
      .optional()
      .doc('Records a page.')
      .example(100, "{{ config['page_size'] }}"),
    stop_condition: field
      .template({ scope: SCOPE, allow: ['boolean'] })
      .optional()
      .doc('True on the last page. `last_page_size` counts the records of the page before any filter.')
      .example(
        '{{ not response.has_more }}',
        "{{ 'next' not in headers['link'] }}",
        '{{ last_page_size < page_size }}',
      ),
  },
  examples: [{ type: 'CursorPagination', cursor_value: '{{ response.next }}', page_size: 100 }],
  build: ({ fields }): PaginationStrategy => {
    const { cursor_value: cursor, stop_condition: stop } = fields;
    const pageSize = configuredPageSize(fields.page_size);
    const templates = stop ? [cursor, stop] : [cursor];
    const unbound = pageSize === undefined ? templates.find((template) => template.names.has('page_size')) : undefined;
    if (unbound) {
      throw new ConnectorError(
        'config',
        `'${unbound.source}' reads page_size, but its CursorPagination has no page_size.`,
      );
    }
    const readsHeaders = templates.some((template) => template.names.has('headers'));
    const headersOf = headerScope(templates.map((template) => template.source));
    const scopeOf = (facts: PageFacts): Scope => ({
      ...facts.scope,
      response: facts.response ?? {},
      headers: readsHeaders ? headersOf(facts.headers) : {},
      last_record: facts.lastRecord ?? null,
      last_page_size: facts.lastPageSize,
      page_size: facts.pageSize ?? pageSize,
    });
    return {
      initialToken: undefined,
      pageSize,
      next: (facts) => {
        const scope = scopeOf(facts);
        if (stop?.isTrue(scope)) return undefined;
        const token = cursor.value(scope);
        return isNothing(token) ? undefined : (token as Json);
      },
    };
  },
});

/** What Python calls false: no token. */
function isNothing(token: unknown): boolean {
  if (!token) return true;
  if (typeof token !== 'object') return false;
  if (Decimal.is(token)) return token.valueOf() === 0;
  return Array.isArray(token) ? token.length === 0 : Object.keys(token).length === 0;
}
