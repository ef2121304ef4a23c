import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { apiBudgetSlot } from '../../src/components/budget/slot.js';
import { createHttpClient } from '../../src/http/client.js';
import { BufferedResponse } from '../../src/http/response.js';
import { testContext } from '../requesters/test-context.js';

const signal = () => new AbortController().signal;
const request = (
  url = 'http://api.example.com/v1/items',
  more: { method?: string; headers?: Record<string, string> } = {},
) => ({
  method: 'GET',
  url,
  headers: {},
  ...more,
});
const matcher = (raw: JsonObject = {}) => ({ type: 'HttpRequestRegexMatcher', ...raw });

/** A budget, with a clock of its own. */
function budgetOf(raw: JsonObject, config: JsonObject = {}) {
  const built = testContext(config).build({ type: 'HTTPAPIBudget', ...raw }, apiBudgetSlot);
  return { built, now: 1_000_000 };
}
const moving = (rates: [number, string][], matchers: JsonObject[] = []): JsonObject => ({
  policies: [
    {
      type: 'MovingWindowCallRatePolicy',
      rates: rates.map(([limit, interval]) => ({ type: 'Rate', limit, interval })),
      matchers,
    },
  ],
});
const fixed = (limit: number, period: string): JsonObject => ({
  policies: [{ type: 'FixedWindowCallRatePolicy', call_limit: limit, period, matchers: [] }],
});

describe('a moving window', () => {
  it('allows so many calls in any stretch of time', () => {
    const { built, now } = budgetOf(moving([[2, 'PT10S']]));
    expect(built.acquire(request(), now)).toBe(0);
    expect(built.acquire(request(), now + 4000)).toBe(0);
    expect(built.acquire(request(), now + 5000)).toBe(5000);
    expect(built.acquire(request(), now + 10_000)).toBe(0);
    expect(built.acquire(request(), now + 10_001)).toBe(3999);
  });

  it('holds all of its rates', () => {
    const { built, now } = budgetOf(
      moving([
        [1, 'PT1S'],
        [2, 'PT1M'],
      ]),
    );
    expect(built.acquire(request(), now)).toBe(0);
    expect(built.acquire(request(), now)).toBe(1000);
    expect(built.acquire(request(), now + 1000)).toBe(0);
    expect(built.acquire(request(), now + 2000)).toBe(58_000);
  });

  it('counts heavy calls as several, and refuses those that never fit', () => {
    const { built, now } = budgetOf(
      moving(
        [[5, 'PT1M']],
        [
          matcher({ url_path_pattern: 'heavy', weight: 4 }),
          matcher({ url_path_pattern: 'huge', weight: 6 }),
          matcher(),
        ],
      ),
    );
    expect(built.acquire(request('http://a/heavy'), now)).toBe(0);
    expect(built.acquire(request('http://a/heavy'), now)).toBe(60_000);
    expect(built.acquire(request('http://a/light'), now)).toBe(0);
    expect(() => built.acquire(request('http://a/huge'), now)).toThrow(/never fits/);
  });

  it('is full once the API says so', () => {
    const { built, now } = budgetOf(moving([[100, 'PT1M']]));
    built.acquire(request(), now);
    built.observe(request(), { status: 429, headers: {} }, now + 1);
    expect(built.acquire(request(), now + 2)).toBeGreaterThan(59_000);
  });

  it('takes its limit from the configuration', () => {
    const { built, now } = budgetOf(
      {
        policies: [
          {
            type: 'MovingWindowCallRatePolicy',
            rates: [{ type: 'Rate', limit: '{{ 1 if config.slow else 50 }}', interval: 'PT1S' }],
            matchers: [],
          },
        ],
      },
      { slow: true },
    );
    expect(built.acquire(request(), now)).toBe(0);
    expect(built.acquire(request(), now)).toBe(1000);
  });

  it('stays small over many calls', () => {
    const { built } = budgetOf(moving([[10, 'PT1S']]));
    for (let count = 0; count < 20_000; count++) expect(built.acquire(request(), count * 100)).toBe(0);
  });
});

describe('a fixed window', () => {
  it('allows so many calls until the next one begins', () => {
    const { built, now } = budgetOf(fixed(2, 'PT10S'));
    expect(built.acquire(request(), now)).toBe(0);
    expect(built.acquire(request(), now + 1000)).toBe(0);
    expect(built.acquire(request(), now + 2000)).toBe(8000);
    expect(built.acquire(request(), now + 10_000)).toBe(0);
    expect(built.acquire(request(), now + 35_000)).toBe(0);
    expect(built.acquire(request(), now + 35_000)).toBe(0);
    expect(built.acquire(request(), now + 35_000)).toBe(5000);
  });

  it('learns from headers: when the window ends, and that less is left', () => {
    const { built, now } = budgetOf({
      ...fixed(100, 'PT1H'),
      ratelimit_remaining_header: 'X-Left',
      ratelimit_reset_header: 'X-Reset',
    });
    built.acquire(request(), now);
    built.observe(request(), { status: 200, headers: { 'x-left': '1', 'x-reset': '60' } }, now);
    expect(built.acquire(request(), now)).toBe(0);
    expect(built.acquire(request(), now)).toBe(60_000);
    built.observe(request(), { status: 200, headers: { 'x-left': '1000', 'x-reset': 'tomorrow' } }, now);
    expect(built.acquire(request(), now)).toBe(60_000);
  });

  it('reads the time of the next window as seconds since 1970, milliseconds, or seconds from now', () => {
    const now = 1_700_000_000_000;
    for (const reset of ['30', '1700000030', '1700000030000']) {
      const { built } = budgetOf(fixed(100, 'PT1H'));
      built.acquire(request(), now);
      built.observe(request(), { status: 200, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': reset } }, now);
      expect(built.acquire(request(), now)).toBe(30_000);
    }
  });
});

describe('which requests count', () => {
  it('is decided by method, base, path, parameters and headers', () => {
    const rules = matcher({
      method: 'post',
      url_base: 'http://a.com/',
      url_path_pattern: '^/v[0-9]+/x',
      params: { q: 1 },
      headers: { 'X-Kind': 'y' },
    });
    const { built, now } = budgetOf(moving([[1, 'PT1H']], [rules]));
    const good = { method: 'POST', headers: { 'x-kind': 'y' } };
    const others = [
      request('http://a.com/v2/x?q=1', { ...good, method: 'GET' }),
      request('http://b.com/v2/x?q=1', good),
      request('http://a.com/w/x?q=1', good),
      request('http://a.com/v2/x?q=2', good),
      request('http://a.com/v2/x?q=1', { ...good, headers: { 'x-kind': 'z' } }),
    ];
    for (const other of [...others, ...others]) expect(built.acquire(other, now)).toBe(0);
    expect(built.acquire(request('http://a.com/v2/x?q=1', good), now)).toBe(0);
    expect(built.acquire(request('http://a.com/v2/x?q=1', good), now)).toBe(3_600_000);
  });

  it('is decided by the first policy that matches', () => {
    const { built, now } = budgetOf({
      policies: [
        { type: 'UnlimitedCallRatePolicy', matchers: [matcher({ url_path_pattern: 'free' })] },
        { type: 'FixedWindowCallRatePolicy', call_limit: 1, period: 'PT1H', matchers: [] },
      ],
    });
    for (let count = 0; count < 3; count++) expect(built.acquire(request('http://a/free'), now)).toBe(0);
    expect(built.acquire(request('http://a/paid'), now)).toBe(0);
    expect(built.acquire(request('http://a/paid'), now)).toBe(3_600_000);
  });
});

describe('a client with a budget', () => {
  const answer = () =>
    new BufferedResponse(
      { status: 200, headers: {}, url: 'http://a/', request: { method: 'GET', url: 'http://a/' } },
      Buffer.from('{}'),
    );
  function clientOf(
    raw: JsonObject,
    clock: () => number,
    sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>,
  ) {
    const client = createHttpClient({
      transport: { send: async () => answer(), close: async () => {} },
      clock,
      sleep,
      waitSecondsMax: 60,
    });
    client.setBudget(budgetOf(raw).built);
    return client;
  }

  it('waits for its turn', async () => {
    let now = 0;
    const client = clientOf(
      moving([[1, 'PT10S']]),
      () => now,
      async (milliseconds) => {
        now += milliseconds;
      },
    );
    for (let count = 0; count < 4; count++) await client.send(request(), { signal: signal() });
    expect(now).toBe(30_000);
  });

  it('ends its wait also when the clock stands still', async () => {
    let waits = 0;
    const client = clientOf(
      fixed(1, 'PT10S'),
      () => 5,
      async () => void waits++,
    );
    for (let count = 0; count < 3; count++) await client.send(request(), { signal: signal() });
    expect(waits).toBeGreaterThan(0);
  });

  it('waits no longer than it may, and stops when it is told to', async () => {
    const never = clientOf(
      moving([[1, 'PT2M']]),
      () => 0,
      async () => {},
    );
    await never.send(request(), { signal: signal() });
    await expect(never.send(request(), { signal: signal() })).rejects.toMatchObject({ kind: 'transient' });
    const abort = new AbortController();
    const stopped = clientOf(
      moving([[1, 'PT10S']]),
      () => 0,
      async (_milliseconds, given) => {
        abort.abort(new Error('stop'));
        given.throwIfAborted();
      },
    );
    await stopped.send(request(), { signal: abort.signal });
    await expect(stopped.send(request(), { signal: abort.signal })).rejects.toThrow('stop');
  });
});
