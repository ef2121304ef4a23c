import { component, field } from '../../component/index.js';
import { type BackoffStrategy, backoffStrategySlot } from '../error-handlers/slot.js';
import { headerReader } from './header-value.js';
import { capped, numberOf } from './numbers.js';

/** A header says until when. */
export const waitUntilTimeFromHeader = component('WaitUntilTimeFromHeader', {
  slot: backoffStrategySlot,
  doc: 'Waits until the time that a header of the answer names in seconds since 1970.',
  fields: {
    header: field.template().doc('The header.').example('X-RateLimit-Reset'),
    min_wait: field
      .template({ allow: ['integer', 'number'] })
      .optional()
      .doc('The least to wait, seconds; also where the header is missing.')
      .example(10, '60'),
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
  examples: [{ type: 'WaitUntilTimeFromHeader', header: 'X-RateLimit-Reset', min_wait: 5 }],
  build({ fields, context }): BackoffStrategy {
    const read = headerReader(fields.header, fields.regex, 'WaitUntilTimeFromHeader');
    return {
      seconds(outcome) {
        const until = read(outcome);
        const least = numberOf(fields.min_wait?.evaluate());
        const left = until ? until - context.clock() / 1000 : undefined;
        const seconds = left === undefined ? least : Math.max(left, least ?? 0);
        return seconds ? capped(seconds, fields.max_waiting_time_in_seconds) : undefined;
      },
    };
  },
});
