import { component, field } from '../../component/index.js';
import { matchesAny } from './matching.js';
import { type CallRatePolicy, callRatePolicySlot, requestMatcherSlot } from './slot.js';

/** No limit. */
export const unlimitedCallRatePolicy = component('UnlimitedCallRatePolicy', {
  slot: callRatePolicySlot,
  doc: 'No limit for the requests that match: an exception, to be placed before the policies that it is one from.',
  open: true,
  fields: {
    matchers: field
      .list(field.slot(requestMatcherSlot).defaultType('HttpRequestRegexMatcher'))
      .doc('The requests that this is for; none means all.'),
  },
  examples: [
    { type: 'UnlimitedCallRatePolicy', matchers: [{ type: 'HttpRequestRegexMatcher', url_path_pattern: '/health' }] },
  ],
  build: ({ fields }): CallRatePolicy => ({
    matches: (request) => matchesAny(fields.matchers, request),
    acquire: () => 0,
    update: () => {},
  }),
});
