import { ConnectorError } from '@tidemark/source';
import { component } from '../../component/define.js';
import { field } from '../../component/field.js';
import { type PageSizeReduction, pageSizeReductionSlot } from './recovery-slot.js';

/** The word for smaller pages. */
export const pageSizeReduction = component('PageSizeReduction', {
  slot: pageSizeReductionSlot,
  doc: 'Asks for the same page with fewer records when an error handler says REDUCE_PAGE_SIZE.',
  fields: {
    reduction_factor: field.number().default(2).doc('The page size is divided by this each time.'),
    minimum_page_size: field.integer().default(1).doc('The smallest page that is asked for.'),
    max_attempts: field.integer().default(5).doc('Reductions in a row without a page that succeeds.'),
    backoff_seconds: field
      .number()
      .default(0.5)
      .doc('Seconds before the first smaller page; twice that before the second, and so on.'),
    retries_at_minimum_page_size: field.integer().default(0).doc('How often the smallest page is tried again.'),
    failure_message: field.string().optional().doc('What the user is told besides when nothing helps.'),
    reset_policy: field
      .enum('NEVER', 'AFTER_SUCCESSFUL_PAGE')
      .default('NEVER')
      .doc('When the page size goes back to what it was.'),
  },
  examples: [{ type: 'PageSizeReduction', reduction_factor: 2, minimum_page_size: 10 }],
  build({ fields }): PageSizeReduction {
    const { reduction_factor: factor, minimum_page_size: smallest, max_attempts: attemptsMax } = fields;
    if (factor <= 1) throw new ConnectorError('config', `reduction_factor must be above 1, not ${factor}.`);
    if (smallest < 1) throw new ConnectorError('config', `minimum_page_size must be at least 1, not ${smallest}.`);
    if (attemptsMax < 1) throw new ConnectorError('config', `max_attempts must be at least 1, not ${attemptsMax}.`);
    if (fields.backoff_seconds < 0)
      throw new ConnectorError('config', `backoff_seconds must not be below 0, and is ${fields.backoff_seconds}.`);
    return {
      factor,
      smallest,
      attemptsMax,
      backoffSeconds: fields.backoff_seconds,
      retriesAtSmallest: fields.retries_at_minimum_page_size,
      failureMessage: fields.failure_message,
      growsAgain: fields.reset_policy === 'AFTER_SUCCESSFUL_PAGE',
    };
  },
});
