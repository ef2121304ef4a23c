import { component, field } from '../../component/index.js';
import { prepareUrl } from '../../http/url.js';
import { type QuotaSource, quotaSourceSlot } from './slot.js';

/** Where an API says what is left of the quotas. */
export const quotaStatusSource = component('QuotaStatusSource', {
  slot: quotaSourceSlot,
  doc: 'The request that asks how many calls a token has left.',
  fields: {
    url: field.template().doc('The URL.').example('https://api.example.com/rate_limit'),
    http_method: field.enum('GET', 'POST').default('GET').doc('The method.'),
    request_headers: field.map(field.template()).optional().doc('Headers besides the token.'),
    unavailable_status_codes: field
      .list(field.integer())
      .optional()
      .doc('Statuses that mean that the API counts nothing here; the tokens are used in turn then, without counting.')
      .example([404]),
  },
  examples: [{ type: 'QuotaStatusSource', url: 'https://api.example.com/rate_limit' }],
  build: ({ fields }): QuotaSource => ({
    unavailableStatuses: new Set(fields.unavailable_status_codes ?? []),
    request: () => ({
      method: fields.http_method,
      url: prepareUrl(fields.url.text()),
      headers: Object.fromEntries(
        Object.entries(fields.request_headers ?? {}).map(([name, value]) => [name, value.text()]),
      ),
    }),
  }),
});
