import { component } from '../../component/define.js';
import { field } from '../../component/field.js';
import { type PaginationReset, paginationResetLimitsSlot, paginationResetSlot } from './recovery-slot.js';

/** The word for beginning the paging anew. */
export const paginationReset = component('PaginationReset', {
  slot: paginationResetSlot,
  doc: 'Begins the pages of a slice anew: when an error handler says RESET_PAGINATION, or after so many records.',
  fields: {
    action: field
      .enum('SPLIT_USING_CURSOR', 'RESET')
      .doc(
        '`SPLIT_USING_CURSOR` goes on from the highest cursor value seen, `RESET` begins the same slice again, once.',
      ),
    limits: field
      .slot(paginationResetLimitsSlot)
      .optional()
      .defaultType('PaginationResetLimits')
      .doc('When it happens without an error.'),
  },
  examples: [
    {
      type: 'PaginationReset',
      action: 'SPLIT_USING_CURSOR',
      limits: { type: 'PaginationResetLimits', number_of_records: 10000 },
    },
  ],
  build: ({ fields }): PaginationReset => ({ action: fields.action, recordsMax: fields.limits?.recordsMax }),
});
