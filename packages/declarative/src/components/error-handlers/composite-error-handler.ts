import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { defaultResolution } from './default-resolution.js';
import { type ErrorHandler, errorHandlerSlot, type Resolution } from './slot.js';

// A decision for one of these stands. Failing and slowing down are what a handler says of answers that it knows nothing
// special about: the next one may know better.
const DECISIVE: ReadonlySet<Resolution['action']> = new Set([
  'SUCCESS',
  'RETRY',
  'IGNORE',
  'RESET_PAGINATION',
  'REDUCE_PAGE_SIZE',
  'SPLIT_REQUEST_WINDOW',
]);

/** Several handlers in turn. */
export const compositeErrorHandler = component('CompositeErrorHandler', {
  slot: errorHandlerSlot,
  doc: 'Asks several error handlers in turn. A decision to fail or to slow down by default is passed over if a later handler decides otherwise. The retries are those of the first handler, the wait is that of the first strategy of any handler that knows one.',
  fields: {
    error_handlers: field
      .list(field.slot(errorHandlerSlot).defaultType('DefaultErrorHandler'))
      .doc('The handlers, the most special first.'),
  },
  examples: [
    {
      type: 'CompositeErrorHandler',
      error_handlers: [
        {
          type: 'DefaultErrorHandler',
          response_filters: [{ type: 'HttpResponseFilter', http_codes: [404], action: 'IGNORE' }],
        },
        { type: 'DefaultErrorHandler', max_retries: 10 },
      ],
    },
  ],
  build({ fields }): ErrorHandler {
    const handlers = fields.error_handlers;
    const first = handlers[0];
    if (!first) throw new ConnectorError('config', 'A CompositeErrorHandler needs at least one handler.');
    return {
      resolve(outcome) {
        let last: Resolution | undefined;
        for (const handler of handlers) {
          const resolution = handler.resolve(outcome);
          if (!resolution) continue;
          if (DECISIVE.has(resolution.action) || (resolution.isExplicit && resolution.action !== 'FAIL'))
            return resolution;
          last = resolution;
        }
        return last ?? defaultResolution(outcome);
      },
      get maxRetries() {
        return first.maxRetries;
      },
      backoffSeconds(outcome, attempt) {
        for (const handler of handlers) {
          const seconds = handler.backoffSeconds(outcome, attempt);
          if (seconds) return seconds;
        }
        return undefined;
      },
    };
  },
});
