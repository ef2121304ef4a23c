import { component, field } from '../../component/index.js';
import { countOf, isLastPage } from './page-count.js';
import { configuredPageSize, evaluatedPageSize } from './page-size.js';
import { type PaginationStrategy, paginationStrategySlot } from './slot.js';

export const offsetIncrement = component('OffsetIncrement', {
  slot: paginationStrategySlot,
  doc: 'The token is the number of records read so far. A page that is not full is the last one.',
  fields: {
    page_size: field
      .template({ scope: ['response'], allow: ['integer'] })
      .optional()
      .doc('Records a page. Without it, paging ends at the first empty page.')
      .example(100, "{{ config['page_size'] }}"),
    inject_on_first_request: field.boolean().default(false).doc('The first request carries the offset 0.'),
  },
  examples: [{ type: 'OffsetIncrement', page_size: 100 }],
  build: ({ fields }): PaginationStrategy => {
    const size = fields.page_size;
    const pageSize = configuredPageSize(size);
    const readsResponse = size?.names.has('response') === true;
    return {
      initialToken: fields.inject_on_first_request ? 0 : undefined,
      pageSize,
      countsRecords: true,
      next: (facts) => {
        const { lastPageSize, response } = facts;
        const asked = facts.pageSize ?? (size && readsResponse ? evaluatedPageSize(size, { response }) : pageSize);
        if (isLastPage(lastPageSize, asked)) return undefined;
        return countOf(facts.lastToken ?? 0, 'OffsetIncrement') + lastPageSize;
      },
    };
  },
});
