import { component } from '../../component/define.js';
import { field } from '../../component/field.js';
import { type PaginationResetLimits, paginationResetLimitsSlot } from './recovery-slot.js';

/** The word for after how much paging begins anew. */
export const paginationResetLimits = component('PaginationResetLimits', {
  slot: paginationResetLimitsSlot,
  doc: 'After how many records of a slice its paging begins anew: for APIs that give only the first so many results.',
  fields: { number_of_records: field.integer().optional().doc('Records.').example(10_000) },
  build: ({ fields }): PaginationResetLimits => ({ recordsMax: fields.number_of_records }),
});
