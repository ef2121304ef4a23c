import { component, field } from '../../component/index.js';
import { requestMatcherSlot } from '../budget/slot.js';
import { type Quota, tokenQuotaSlot } from './slot.js';

/** A count of calls. */
export const tokenQuota = component('TokenQuota', {
  slot: tokenQuotaSlot,
  doc: 'A count of calls that every token has of its own, for all requests or for those that match.',
  fields: {
    name: field.string().doc('A name for messages.').example('core'),
    remaining_path: field
      .list(field.string())
      .doc('Where in the quota status the number of calls left is.')
      .example(['resources', 'core', 'remaining']),
    reset_path: field
      .list(field.string())
      .doc('Where the time is at which the count begins anew: seconds since 1970 or a date.')
      .example(['resources', 'core', 'reset']),
    limit_path: field.list(field.string()).optional().doc('Where the number of calls of a whole window is.'),
    matchers: field
      .list(field.slot(requestMatcherSlot).defaultType('HttpRequestRegexMatcher'))
      .optional()
      .doc('The requests that are counted here; none: all that no other quota counts.'),
    remaining_header: field
      .string()
      .optional()
      .doc('The header of each answer that says how many calls are left.')
      .example('X-RateLimit-Remaining'),
    reset_header: field.string().optional().doc('The header that says when the count begins anew.'),
    limit_header: field.string().optional().doc('The header that says the number of calls of a window.'),
    exhaustion_status_codes: field
      .list(field.integer())
      .optional()
      .doc('Statuses that mean that no call is left.')
      .example([403, 429]),
  },
  examples: [
    { type: 'TokenQuota', name: 'core', remaining_path: ['core', 'remaining'], reset_path: ['core', 'reset'] },
  ],
  build: ({ fields }): Quota => ({
    name: fields.name,
    matchers: fields.matchers ?? [],
    remainingPath: fields.remaining_path,
    resetPath: fields.reset_path,
    limitPath: fields.limit_path,
    remainingHeader: fields.remaining_header?.toLowerCase(),
    resetHeader: fields.reset_header?.toLowerCase(),
    limitHeader: fields.limit_header?.toLowerCase(),
    exhaustionStatuses: new Set(fields.exhaustion_status_codes ?? []),
  }),
});
