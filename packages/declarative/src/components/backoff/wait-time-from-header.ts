import { component, field } from '../../component/index.js';
import { type BackoffStrategy, backoffStrategySlot } from '../error-handlers/slot.js';
import { headerReader } from './header-value.js';
import { capped } from './numbers.js';

/** A header says how long. */
export const waitTimeFromHeader = component('WaitTimeFromHeader', {
  slot: backoffStrategySlot,
  doc: 'Waits as many seconds as a header of the answer says.',
  fields: {
    header: field.template().doc('The header.').example('Retry-After'),
    regex: field
      .template()
      .optional()
      .doc('Picks the number out of the value, from its beginning on.')
      .example('([-+]?\\d+)'),
    max_waiting_time_in_seconds: field
      .template({ allow: ['integer', 'number'] })
      .optional()
      .doc('A wait this long or longer ends the stream instead.'),
  },
  examples: [{ type: 'WaitTimeFromHeader', header: 'Retry-After' }],
  build({ fields }): BackoffStrategy {
    const read = headerReader(fields.header, fields.regex, 'WaitTimeFromHeader');
    return {
      seconds(outcome) {
        const seconds = read(outcome);
        return seconds === undefined || !(seconds > 0)
          ? undefined
          : capped(seconds, fields.max_waiting_time_in_seconds);
      },
    };
  },
});
