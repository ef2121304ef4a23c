import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { durationMilliseconds } from './matching.js';
import { type CallRate, callRateSlot } from './slot.js';

/** So many calls in so long a time. */
export const rate = component('Rate', {
  slot: callRateSlot,
  doc: 'So many calls in so long a time.',
  open: true,
  fields: {
    limit: field
      .template({ allow: ['integer'] })
      .doc('The number of calls.')
      .example(100, "{{ 400 if config['sandbox'] else 1000 }}"),
    interval: field.string().doc('The time, an ISO 8601 duration.').example('PT1H', 'PT10S'),
  },
  examples: [{ type: 'Rate', limit: 100, interval: 'PT1M' }],
  build({ fields }): CallRate {
    const limit = Math.trunc(Number(fields.limit.evaluate()));
    if (!(limit >= 1)) throw new ConnectorError('config', 'The limit of a Rate must be a whole number of at least 1.');
    return { limit, milliseconds: durationMilliseconds(fields.interval, 'interval') };
  },
});
