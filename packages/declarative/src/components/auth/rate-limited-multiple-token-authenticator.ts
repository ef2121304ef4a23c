import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { type BuildContext, component, type Expression, field } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { durationSeconds } from '../../http/duration.js';
import { sendWithRetries } from '../../http/retry.js';
import { type ErrorHandler, errorHandlerSlot } from '../error-handlers/slot.js';
import { credential } from './credential.js';
import { sharedKey } from './shared-key.js';
import { type Authenticator, authenticatorSlot, type QuotaSource, quotaSourceSlot, tokenQuotaSlot } from './slot.js';
import { TokenPool } from './token-pool.js';

/** Several tokens that stand for each other. */
export const rateLimitedMultipleTokenAuthenticator = component('RateLimitedMultipleTokenAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Uses several tokens in turn and keeps count of the calls that each has left: a token without calls is passed over, and only when none has one is there a wait. All streams share the counts.',
  fields: {
    tokens: field
      .either(field.template(), field.list(field.template()))
      .doc('The tokens: a list, or a text with delimiters.')
      .example("{{ config['tokens'] }}", ["{{ config['token_1'] }}", "{{ config['token_2'] }}"]),
    token_delimiter: field.string().default(',').doc('What stands between the tokens of a text.'),
    auth_method: field.string().default('Bearer').doc('Stands before the token; empty for nothing.').example('token'),
    header: field.string().default('Authorization').doc('The header that takes the token.'),
    quota_status_source: field.slot(quotaSourceSlot).defaultType('QuotaStatusSource').doc('How to ask what is left.'),
    quotas: field.list(field.slot(tokenQuotaSlot).defaultType('TokenQuota')).doc('The counts.'),
    max_wait_time: field
      .template()
      .default('PT2H')
      .doc('The most that is waited for calls, an ISO 8601 duration.')
      .example('PT30M'),
    budget_reserve_fraction: field
      .number()
      .default(0.1)
      .doc('Below this part of its limit a quota is low: calls are spread over the time until it is filled again.'),
    budget_min_reserve: field.integer().default(50).doc('Below this number of calls it is low in any case.'),
  },
  examples: [
    {
      type: 'RateLimitedMultipleTokenAuthenticator',
      tokens: "{{ config['tokens'] }}",
      quota_status_source: { type: 'QuotaStatusSource', url: 'https://api.example.com/rate_limit' },
      quotas: [
        { type: 'TokenQuota', name: 'core', remaining_path: ['core', 'remaining'], reset_path: ['core', 'reset'] },
      ],
    },
  ],
  build({ fields, context, raw }): Authenticator {
    const { header, auth_method: method } = fields;
    const write = (token: string) => `${method} ${token}`.trim();
    const sent = (request: ApiRequest): string | undefined => {
      const value = Object.entries(request.headers).find(([name]) => name.toLowerCase() === header.toLowerCase())?.[1];
      return value?.slice(method ? method.length + 1 : 0).trim();
    };
    const pool = (): TokenPool => {
      const key = `tokens ${sharedKey(raw)}`;
      const known = context.shared.get(key) as TokenPool | undefined;
      if (known) return known;
      const tokens = tokensOf(fields.tokens, fields.token_delimiter);
      if (tokens.length === 0) throw new ConnectorError('config', 'There is no token in the configuration.');
      for (const token of tokens) context.addSecret(token);
      const waitSecondsMax = durationSeconds(fields.max_wait_time.text());
      if (waitSecondsMax === undefined)
        throw new ConnectorError('config', 'max_wait_time must be a duration such as PT2H.');
      const made = new TokenPool({
        tokens,
        quotas: fields.quotas,
        status: (token, signal) => statusOf(fields.quota_status_source, { [header]: write(token) }, context, signal),
        waitSecondsMax,
        reserveFraction: fields.budget_reserve_fraction,
        reserveMin: fields.budget_min_reserve,
        context,
      });
      context.shared.set(key, made);
      return made;
    };
    return {
      async parts(request, signal) {
        return { headers: { [header]: write(await pool().take(request, signal)) } };
      },
      observe: (request, response) => pool().observe(request, sent(request) ?? '', response),
      hasAlternative: (refused) => pool().hasAlternative(refused, sent(refused) ?? ''),
    };
  },
});

function tokensOf(given: Expression | Expression[], delimiter: string): string[] {
  const tokens = Array.isArray(given) ? given.map((token) => credential(token)) : manyOf(given, delimiter);
  return [...new Set(tokens.map((token) => token.trim()).filter((token) => token !== ''))];
}

/** The configuration may hold a list, or a text with delimiters. */
function manyOf(given: Expression, delimiter: string): string[] {
  const value = given.evaluate();
  return Array.isArray(value) ? value.map(String) : credential(given).split(delimiter);
}

async function statusOf(
  source: QuotaSource,
  headers: Record<string, string>,
  context: BuildContext,
  signal: AbortSignal,
): Promise<Json | undefined> {
  const usual = context.builder.build({ type: 'DefaultErrorHandler' }, errorHandlerSlot, context);
  const handler: ErrorHandler = {
    maxRetries: usual.maxRetries,
    backoffSeconds: (outcome, attempt) => usual.backoffSeconds(outcome, attempt),
    resolve: (outcome) =>
      outcome.response && source.unavailableStatuses.has(outcome.response.status)
        ? { action: 'IGNORE' }
        : usual.resolve(outcome),
  };
  const request = source.request();
  const response = await sendWithRetries({
    client: context.http,
    handler,
    prepare: async () => ({ ...request, headers: { ...request.headers, ...headers } }),
    signal,
    useCache: false,
    clock: context.clock,
    log: context.log,
    redact: context.redact,
    waitSecondsMax: context.settings.waitSecondsMax,
  });
  if (!response || source.unavailableStatuses.has(response.status)) return undefined;
  try {
    return response.json();
  } catch (error) {
    throw new ConnectorError('system', 'The quota status is not JSON.', { cause: error });
  }
}
