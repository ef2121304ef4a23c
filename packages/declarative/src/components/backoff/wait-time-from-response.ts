import { component, field } from '../../component/index.js';
import { headerScope } from '../../http/header-scope.js';
import type { ApiResponse } from '../../http/response.js';
import { type BackoffStrategy, backoffStrategySlot } from '../error-handlers/slot.js';
import { capped, numberOf } from './numbers.js';

/** The body says how long. */
export const waitTimeFromResponse = component('WaitTimeFromResponse', {
  slot: backoffStrategySlot,
  doc: 'Waits as long as a template makes of the body and headers of the answer. What gives no number above 0 leaves it to the next strategy.',
  fields: {
    wait_time_in_seconds: field
      .template({ scope: ['response', 'headers'] })
      .doc('Gives the seconds to wait.')
      .example("{{ response['retry_after'] }}", "{{ response['reset_ms'] / 1000 }}"),
    max_waiting_time_in_seconds: field
      .template({ allow: ['integer', 'number'] })
      .optional()
      .doc('A wait this long or longer ends the stream instead.'),
  },
  examples: [{ type: 'WaitTimeFromResponse', wait_time_in_seconds: "{{ response['retry_after'] }}" }],
  build: ({ fields, context }): BackoffStrategy => ({
    seconds({ response }) {
      let seconds: number | undefined;
      try {
        seconds = numberOf(
          fields.wait_time_in_seconds.evaluate({
            response: bodyOf(response),
            headers: headerScope(response?.headers ?? {}),
          }),
        );
      } catch (error) {
        // It is asked about every error, also those whose body looks different: the next strategy decides then.
        context.log(
          'DEBUG',
          context.redact(`wait_time_in_seconds gives nothing for this answer: ${(error as Error).message}`),
        );
      }
      return seconds === undefined || !Number.isFinite(seconds) || seconds <= 0
        ? undefined
        : capped(seconds, fields.max_waiting_time_in_seconds);
    },
  }),
});

function bodyOf(response: ApiResponse | undefined): unknown {
  try {
    return response?.json() ?? {};
  } catch {
    return {};
  }
}
