import type { JsonObject } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authenticatorSlot } from '../../src/components/auth/slot.js';
import { requesterSlot } from '../../src/components/requesters/slot.js';
import { type Asked, json, type LocalServer, serve } from '../http/local-server.js';
import { type TestContext, testContext } from '../requesters/test-context.js';

let api: LocalServer;
let test: TestContext;
/** What each token has left, and when that begins anew, seconds. */
let left: Record<string, { remaining: number; reset: number; status?: number }>;
let data: (asked: Asked) => { status: number; headers?: Record<string, string> };

beforeEach(async () => {
  data = () => ({ status: 200 });
  api = await serve((asked, response) => {
    const token = String(asked.headers.authorization).replace('Bearer ', '');
    const own = left[token]!;
    if (asked.url === '/limit')
      return json(response, { core: { remaining: own.remaining, reset: own.reset, limit: 5000 } }, own.status ?? 200);
    const { status, headers } = data(asked);
    return json(response, { token }, status, headers);
  });
  test = testContext({ tokens: 'token-a, token-b' });
  const reset = test.now / 1000 + 600;
  left = { 'token-a': { remaining: 1000, reset }, 'token-b': { remaining: 1000, reset } };
});
afterEach(async () => {
  await test.close();
  await api.close();
});

const authenticator = (quota: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  type: 'RateLimitedMultipleTokenAuthenticator',
  tokens: '{{ config.tokens }}',
  quota_status_source: { type: 'QuotaStatusSource', url: `${api.url}/limit`, unavailable_status_codes: [404] },
  quotas: [
    {
      type: 'TokenQuota',
      name: 'core',
      remaining_path: ['core', 'remaining'],
      reset_path: ['core', 'reset'],
      ...quota,
    },
  ],
  budget_min_reserve: 0,
  budget_reserve_fraction: 0,
  ...more,
});
async function take(raw: JsonObject, times: number): Promise<string> {
  const built = test.build(raw, authenticatorSlot);
  const taken: string[] = [];
  for (let index = 0; index < times; index++) {
    const parts = await built.parts({ method: 'GET', url: 'http://a/', headers: {} }, new AbortController().signal);
    taken.push(String(parts.headers?.Authorization).replace('Bearer token-', ''));
  }
  return taken.join('');
}

describe('RateLimitedMultipleTokenAuthenticator', () => {
  it('uses a token up before it takes the next', async () => {
    left['token-a']!.remaining = 2;
    expect(await take(authenticator(), 4)).toBe('aabb');
    expect(api.asked).toHaveLength(2);
    expect(test.context.redact('token-a token-b')).toBe('**** ****');
  });

  it('counts for all streams together', async () => {
    left['token-a']!.remaining = 2;
    expect((await take(authenticator(), 2)) + (await take(authenticator({ $parameters: { name: 'x' } }), 1))).toBe(
      'aab',
    );
  });

  it('takes a list of the configuration too', async () => {
    await test.close();
    test = testContext({ tokens: ['token-b', 'token-a'] });
    expect(await take(authenticator(), 1)).toBe('b');
  });

  it('waits for new calls when no token has one left, but not too long', async () => {
    left['token-a'] = { remaining: 1, reset: test.now / 1000 + 50 };
    left['token-b'] = { remaining: 0, reset: test.now / 1000 + 500 };
    expect(await take(authenticator(), 2)).toBe('aa');
    expect(test.waits).toEqual([50]);
    left = {
      'token-a': { remaining: 0, reset: test.now / 1000 + 3000 },
      'token-b': { remaining: 0, reset: test.now / 1000 + 3000 },
    };
    const strict = authenticator({}, { max_wait_time: 'PT10M' });
    await expect(take(strict, 1)).rejects.toMatchObject({ kind: 'transient' });
  });

  it('ends also when the API says for ever that the wait is nearly over', async () => {
    left = { 'token-a': { remaining: 0, reset: 0 }, 'token-b': { remaining: 0, reset: 0 } };
    await expect(take(authenticator({}, { max_wait_time: 'PT1M' }), 1)).rejects.toThrow(/No token has a call left/);
    expect(test.waits.reduce((sum, wait) => sum + wait, 0)).toBe(60);
  });

  it('takes each in turn where the API counts nothing', async () => {
    left['token-a']!.status = 404;
    left['token-b']!.status = 404;
    expect(await take(authenticator(), 4)).toBe('abab');
  });

  it('spreads the last calls over the time that is left', async () => {
    const reset = test.now / 1000 + 20;
    left = { 'token-a': { remaining: 6, reset }, 'token-b': { remaining: 5, reset } };
    await take(authenticator({}, { budget_min_reserve: 50 }), 1);
    expect(test.waits).toEqual([2]);
  });

  it('turns to another token at once when one is refused for its rate', async () => {
    const quota = { remaining_header: 'X-Left', exhaustion_status_codes: [429] };
    data = ({ headers }) =>
      headers.authorization === 'Bearer token-a'
        ? { status: 429, headers: { 'X-Left': '0', 'Retry-After': '900' } }
        : { status: 200 };
    const requester = test.build(
      { type: 'HttpRequester', url: `${api.url}/data`, authenticator: authenticator(quota) },
      requesterSlot,
    );
    const response = await requester.send({ scope: {}, parts: {}, signal: new AbortController().signal });
    expect(response?.json()).toEqual({ token: 'token-b' });
    expect(test.waits).toEqual([0.1]);
  });

  it('says which path of the manifest leads nowhere', async () => {
    await expect(take(authenticator({ remaining_path: ['no', 'where'] }), 1)).rejects.toThrow(
      /'no.where' for the quota 'core'/,
    );
  });
});
