import { component, field } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { type ApiBudget, apiBudgetSlot, callRatePolicySlot } from './slot.js';

/** All limits of a source. */
export const httpAPIBudget = component('HTTPAPIBudget', {
  slot: apiBudgetSlot,
  doc: 'Keeps the calls of all streams within limits, and learns from the answers how many calls are left. The first policy that a request matches is the one for it.',
  open: true,
  fields: {
    policies: field.list(field.slot(callRatePolicySlot)).doc('The limits.'),
    ratelimit_reset_header: field
      .string()
      .default('ratelimit-reset')
      .doc('The header that says when the count begins anew, in seconds since 1970.')
      .example('X-RateLimit-Reset'),
    ratelimit_remaining_header: field
      .string()
      .default('ratelimit-remaining')
      .doc('The header that says how many calls are left.')
      .example('X-RateLimit-Remaining'),
    status_codes_for_ratelimit_hit: field
      .list(field.integer())
      .default([429])
      .doc('Statuses that say that no call is left.'),
  },
  examples: [
    {
      type: 'HTTPAPIBudget',
      policies: [
        { type: 'MovingWindowCallRatePolicy', rates: [{ type: 'Rate', limit: 60, interval: 'PT1M' }], matchers: [] },
      ],
    },
  ],
  build({ fields }): ApiBudget {
    const policyFor = (request: ApiRequest) => fields.policies.find((policy) => policy.matches(request));
    const refusals = new Set(fields.status_codes_for_ratelimit_hit);
    const resetHeader = fields.ratelimit_reset_header.toLowerCase();
    const remainingHeader = fields.ratelimit_remaining_header.toLowerCase();
    return {
      acquire: (request, now) => policyFor(request)?.acquire(request, now) ?? 0,
      observe(request, response, now) {
        const policy = policyFor(request);
        if (!policy) return;
        const remaining = wholeNumber(response.headers[remainingHeader]);
        const reset = wholeNumber(response.headers[resetHeader]);
        policy.update(remaining ?? (refusals.has(response.status) ? 0 : undefined), resetTime(reset, now), now);
      },
    };
  },
});

/** What an API writes here is not always a number: then nothing is learnt. */
function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

/** APIs write the time in seconds since 1970 or in milliseconds, or how many seconds are left. */
function resetTime(reset: number | undefined, now: number): number | undefined {
  if (reset === undefined) return undefined;
  if (reset >= 1e12) return reset;
  return reset >= 1e9 ? reset * 1000 : now + reset * 1000;
}
