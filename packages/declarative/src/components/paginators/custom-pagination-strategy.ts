import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { type PaginationStrategy, paginationStrategySlot } from './slot.js';

export const customPaginationStrategy = component('CustomPaginationStrategy', {
  slot: paginationStrategySlot,
  doc: 'A strategy of the author’s own code: a class or function that makes a `PaginationStrategy`. It holds no state: one strategy serves all partitions at the same time.',
  fields: {
    class_name: field.string().doc('Names the class or function.').example('source_x.components.KeysetPagination'),
  },
  open: true,
  examples: [{ type: 'CustomPaginationStrategy', class_name: 'source_x.components.KeysetPagination' }],
  build: ({ raw, parameters, context }): PaginationStrategy =>
    makeCustom<PaginationStrategy>({ fields: raw, parameters, context }),
});
