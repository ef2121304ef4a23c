import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { defaultResolution } from './default-resolution.js';
import { backoffStrategySlot, type ErrorHandler, errorHandlerSlot, responseFilterSlot } from './slot.js';

/** Retries what may go better the next time, fails on the rest. */
export const defaultErrorHandler = component('DefaultErrorHandler', {
  slot: errorHandlerSlot,
  doc: 'Judges answers by its filters, the first that matches, then by status: 408, 429 and 5xx are tried again, as are broken connections; other statuses from 400 on fail.',
  fields: {
    backoff_strategies: field
      .list(field.slot(backoffStrategySlot))
      .optional()
      .doc(
        'How long to wait before the next attempt: the first strategy that knows. Without one: what Retry-After says, else 1, 2, 4, 8 … seconds.',
      ),
    max_retries: field
      .template({ allow: ['integer'] })
      .default(5)
      .doc('How often an answer is tried again.')
      .example(5, 0, "{{ config['retries'] }}"),
    response_filters: field
      .list(field.slot(responseFilterSlot).defaultType('HttpResponseFilter'))
      .optional()
      .doc('Rules for certain answers; the first that matches decides.'),
  },
  examples: [
    {
      type: 'DefaultErrorHandler',
      max_retries: 3,
      response_filters: [{ type: 'HttpResponseFilter', http_codes: [404], action: 'IGNORE' }],
    },
  ],
  build({ fields }): ErrorHandler {
    const filters = fields.response_filters ?? [];
    const strategies = fields.backoff_strategies ?? [];
    return {
      resolve(outcome) {
        for (const filter of filters) {
          const resolution = filter.resolve(outcome);
          if (resolution) return resolution;
        }
        return defaultResolution(outcome);
      },
      get maxRetries() {
        return wholeNumber(fields.max_retries.evaluate());
      },
      backoffSeconds(outcome, attempt) {
        for (const strategy of strategies) {
          const seconds = strategy.seconds(outcome, attempt);
          if (seconds) return seconds;
        }
        return undefined;
      },
    };
  },
});

function wholeNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return Math.max(0, Math.trunc(number));
  throw new ConnectorError('config', 'max_retries of a DefaultErrorHandler does not give a whole number.');
}
