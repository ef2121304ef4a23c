import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { countOf, isLastPage } from './page-count.js';
import { configuredPageSize } from './page-size.js';
import { type PaginationStrategy, paginationStrategySlot } from './slot.js';

export const pageIncrement = component('PageIncrement', {
  slot: paginationStrategySlot,
  doc: 'The token is the number of the page. A page that is not full is the last one.',
  fields: {
    page_size: field
      .template({ allow: ['integer'] })
      .optional()
      .doc('Records a page. Without it, paging ends at the first empty page.')
      .example(100, '100', "{{ config['page_size'] }}"),
    start_from_page: field.integer().default(0).doc('The number of the first page.').example(0, 1),
    inject_on_first_request: field.boolean().default(false).doc('The first request carries the number of its page.'),
  },
  examples: [{ type: 'PageIncrement', page_size: 100, start_from_page: 1 }],
  build: ({ fields }): PaginationStrategy => {
    const { start_from_page: first, inject_on_first_request: injectsFirst } = fields;
    const pageSize = configuredPageSize(fields.page_size);
    return {
      initialToken: injectsFirst ? first : undefined,
      pageSize,
      next: (facts) => {
        // Page n of a smaller size is another stretch of the list: records between them would be skipped.
        if (facts.pageSize !== undefined && facts.pageSize !== pageSize) {
          throw new ConnectorError(
            'config',
            'PageIncrement cannot go on with a smaller page size; OffsetIncrement or CursorPagination can.',
          );
        }
        return isLastPage(facts.lastPageSize, pageSize)
          ? undefined
          : countOf(facts.lastToken ?? first, 'PageIncrement') + 1;
      },
    };
  },
});
