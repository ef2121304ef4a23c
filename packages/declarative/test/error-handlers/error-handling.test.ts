import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requesterSlot } from '../../src/components/requesters/slot.js';
import type { ApiResponse } from '../../src/http/response.js';
import { PageSizeReductionSignal, PaginationResetSignal, RequestWindowSplitSignal } from '../../src/http/signals.js';
import { type Asked, json, type LocalServer, serve } from '../http/local-server.js';
import { type TestContext, testContext } from '../requesters/test-context.js';

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

let api: LocalServer;
let test: TestContext;
let answers: Answer[];
beforeEach(async () => {
  answers = [];
  api = await serve((_request: Asked, response) => {
    const { status, body = {}, headers } = answers.shift() ?? { status: 200, body: { ok: true } };
    json(response, body, status, headers);
  });
  test = testContext({ retries: 2, wait: 3, secret: 's3cret-value' });
});
afterEach(async () => {
  await test.close();
  await api.close();
});

/** Sends one request whose answers are these; then the API answers well. */
async function send(
  errorHandler: JsonObject | undefined,
  ...given: (Answer | number)[]
): Promise<ApiResponse | undefined> {
  answers = given.map((one) => (typeof one === 'number' ? { status: one } : one));
  const raw = {
    type: 'HttpRequester',
    url: `${api.url}/x?key=s3cret-value`,
    ...(errorHandler ? { error_handler: errorHandler } : {}),
  };
  return test.build(raw, requesterSlot).send({ scope: {}, parts: {}, signal: new AbortController().signal });
}

const handler = (more: JsonObject = {}): JsonObject => ({ type: 'DefaultErrorHandler', ...more });
const filter = (more: JsonObject): JsonObject => ({ type: 'HttpResponseFilter', ...more });
const filters = (...all: JsonObject[]): JsonObject => handler({ response_filters: all.map(filter) });

async function failureOf(promise: Promise<unknown>): Promise<ConnectorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectorError);
  return error as ConnectorError;
}

describe('by default', () => {
  it.each([
    [400, 'system'],
    [401, 'config'],
    [403, 'config'],
    [404, 'system'],
    [405, 'system'],
  ])('status %i fails at once as a %s error', async (status, kind) => {
    const error = await failureOf(send(undefined, status));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(String(status));
    expect(api.asked).toHaveLength(1);
  });

  it.each([408, 429, 500, 502, 503, 504, 418, 520])('status %i is tried again', async (status) => {
    expect((await send(undefined, status, status))?.json()).toEqual({ ok: true });
    expect(test.waits).toEqual([1, 2]);
  });

  it('gives up after five retries, with waits that double', async () => {
    const error = await failureOf(send(undefined, 500, 500, 500, 500, 500, 500, 500));
    expect(test.waits).toEqual([1, 2, 4, 8, 16]);
    expect(api.asked).toHaveLength(6);
    expect(error.kind).toBe('transient');
    expect(error.message).toMatch(/Given up after 6 attempts/);
  });

  it('waits as long as Retry-After says, in seconds or until a date', async () => {
    const date = new Date(test.now + 90_000).toUTCString();
    await send(undefined, { status: 429, headers: { 'retry-after': '7' } });
    expect(test.waits).toEqual([7]);
    await send(undefined, { status: 503, headers: { 'retry-after': date } });
    expect(test.waits[1]).toBeGreaterThan(80);
    expect(test.waits[1]).toBeLessThanOrEqual(90);
  });

  it('does not wait longer than it may', async () => {
    const error = await failureOf(send(undefined, { status: 429, headers: { 'retry-after': '99999' } }));
    expect(error.kind).toBe('transient');
    expect(error.message).toContain('longer than the 3600 s');
    expect(test.waits).toEqual([]);
  });

  it('tries again when the connection breaks', async () => {
    const broken = await serve((_request, response) => response.destroy());
    const raw = { type: 'HttpRequester', url: broken.url, error_handler: handler({ max_retries: 2 }) };
    const sent = test.build(raw, requesterSlot).send({ scope: {}, parts: {}, signal: new AbortController().signal });
    const error = await failureOf(sent);
    await broken.close();
    expect(error.kind).toBe('transient');
    expect(broken.asked).toHaveLength(3);
  });

  it('does not try again what cannot become better', async () => {
    const raw = { type: 'HttpRequester', url: 'nowhere' };
    const error = await failureOf(
      test.build(raw, requesterSlot).send({ scope: {}, parts: {}, signal: new AbortController().signal }),
    );
    expect(error.kind).toBe('config');
    expect(test.waits).toEqual([]);
  });

  it('shows no secret, neither in the message nor in the detail', async () => {
    test.context.addSecret('s3cret-value');
    const error = await failureOf(send(undefined, { status: 400, body: { message: 'bad key s3cret-value' } }));
    expect(error.message + error.detail).not.toContain('s3cret');
    expect(error.detail).toContain('bad key ****');
  });
});

describe('filters', () => {
  it('decide by status, by predicate and by text', async () => {
    const all = filters(
      { http_codes: [404], action: 'IGNORE' },
      { predicate: "{{ response.code == 'later' and headers['X-Kind'] == 'a' }}", action: 'RETRY' },
      { error_message_contains: 'not today', action: 'RATE_LIMITED' },
    );
    expect(await send(all, 404)).toBeUndefined();
    expect(test.waits).toEqual([]);
    expect((await send(all, { status: 200, body: { code: 'later' }, headers: { 'x-kind': 'a' } }))?.json()).toEqual({
      ok: true,
    });
    expect(test.waits).toEqual([1]);
    expect((await send(all, { status: 400, body: { errors: [{ detail: 'please not today' }] } }))?.json()).toEqual({
      ok: true,
    });
    expect(test.waits).toEqual([1, 1]);
  });

  it('take the first that matches', async () => {
    const all = filters({ http_codes: [400], action: 'IGNORE' }, { http_codes: [400], action: 'FAIL' });
    expect(await send(all, 400)).toBeUndefined();
  });

  it('change nothing without an action', async () => {
    const error = await failureOf(send(filters({ http_codes: [403], error_message: 'never said' }), 403));
    expect(error.message).not.toContain('never said');
  });

  it('say what the user reads, from body, headers, address and configuration', async () => {
    const all = filters({
      http_codes: [403],
      action: 'FAIL',
      failure_type: 'transient_error',
      error_message: "{{ response['why'] }} at {{ request_url }} after {{ config.wait }} ({{ headers['x-id'] }})",
    });
    const error = await failureOf(send(all, { status: 403, body: { why: 'closed' }, headers: { 'X-Id': 'i1' } }));
    expect(error.message).toBe(`closed at ${api.url}/x after 3 (i1)`);
    expect(error.kind).toBe('transient');
  });

  it('fail with the usual sentence when theirs does not fit the body', async () => {
    const all = filters({ http_codes: [403], action: 'FAIL', error_message: '{{ response.a.b.c }}' });
    expect((await failureOf(send(all, { status: 403, body: null }))).message).toContain('403');
  });

  it('give an answer that is ignored with its records when it is none of the errors', async () => {
    const all = filters({ predicate: "{{ 'note' in response }}", action: 'IGNORE' });
    expect((await send(all, { status: 200, body: { note: 1 } }))?.json()).toEqual({ note: 1 });
  });

  it('make an error a success without records', async () => {
    expect(await send(filters({ http_codes: [404], action: 'SUCCESS' }), 404)).toBeUndefined();
  });

  it('read a body that is not JSON as an empty object', async () => {
    const page = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    const raw = {
      type: 'HttpRequester',
      url: page.url,
      error_handler: filters({ predicate: "{{ 'error' in response }}", action: 'FAIL' }),
    };
    const response = await test
      .build(raw, requesterSlot)
      .send({ scope: {}, parts: {}, signal: new AbortController().signal });
    await page.close();
    expect(response?.text()).toBe('<html>');
  });

  it.each([
    ['RESET_PAGINATION', PaginationResetSignal],
    ['REDUCE_PAGE_SIZE', PageSizeReductionSignal],
    ['SPLIT_REQUEST_WINDOW', RequestWindowSplitSignal],
  ])('ask the retriever for %s', async (action, signal) => {
    const error = await failureOf(send(filters({ http_codes: [400], action, error_message: 'too much' }), 400));
    expect(error).toBeInstanceOf(signal);
    expect(error.message).toBe('too much');
  });
});

describe('retries', () => {
  it('are as many as the handler says', async () => {
    await failureOf(send(handler({ max_retries: 0 }), 500, 500));
    expect(api.asked).toHaveLength(1);
    await failureOf(send(handler({ max_retries: '{{ config.retries }}' }), 500, 500, 500, 500));
    expect(api.asked).toHaveLength(4);
  });

  it('begin anew for rate limits when another error came between', async () => {
    const one = handler({ max_retries: 1 });
    expect((await send(one, 429, 500, 429))?.status).toBe(200);
    await failureOf(send(one, 429, 429));
  });
});

describe('backoff strategies', () => {
  const with_ = (...strategies: JsonObject[]) => handler({ backoff_strategies: strategies });
  it('waits a second more than the strategy says, as limits are told in whole seconds', async () => {
    await send(with_({ type: 'ConstantBackoffStrategy', backoff_time_in_seconds: '{{ config.wait }}' }), 500, 429);
    expect(test.waits).toEqual([4, 4]);
  });

  it('doubles the factor', async () => {
    await send(with_({ type: 'ExponentialBackoffStrategy', factor: 3 }), 500, 500, 500);
    expect(test.waits).toEqual([7, 13, 25]);
    test.waits.length = 0;
    await send(with_({ type: 'ExponentialBackoffStrategy' }), 500);
    expect(test.waits).toEqual([11]);
  });

  it('adds jitter within its range', async () => {
    await send(
      with_({ type: 'ConstantBackoffStrategy', backoff_time_in_seconds: 10, jitter_range_in_seconds: 2 }),
      500,
    );
    expect(test.waits[0]).toBeGreaterThanOrEqual(11);
    expect(test.waits[0]).toBeLessThanOrEqual(15);
  });

  it('reads the wait from a header, with a pattern where there is more in it', async () => {
    const plain = with_({ type: 'WaitTimeFromHeader', header: 'X-Wait' });
    await send(plain, { status: 429, headers: { 'x-wait': '12.5' } });
    const pattern = with_({ type: 'WaitTimeFromHeader', header: 'X-Wait', regex: '\\d+' });
    await send(pattern, { status: 429, headers: { 'x-wait': '30 seconds' } });
    await send(plain, { status: 429, headers: { 'x-wait': 'soon' } });
    await send(plain, 429);
    expect(test.waits).toEqual([13.5, 31, 1, 1]);
  });

  it('waits until the time in a header, and no less than the least', async () => {
    const at = (seconds: number) => ({ status: 429, headers: { 'x-reset': String(test.now / 1000 + seconds) } });
    const strategy = { type: 'WaitUntilTimeFromHeader', header: 'X-Reset' };
    await send(with_(strategy), at(20));
    await send(with_({ ...strategy, min_wait: 30 }), at(20));
    await send(with_({ ...strategy, min_wait: 30 }), 429);
    await send(with_(strategy), at(-20));
    expect(test.waits).toEqual([21, 31, 31, 1]);
  });

  it('reads the wait from the body', async () => {
    const strategy = with_({ type: 'WaitTimeFromResponse', wait_time_in_seconds: "{{ response['ms'] / 1000 }}" });
    await send(strategy, { status: 429, body: { ms: 5000 } });
    await send(strategy, { status: 429, body: [1] });
    expect(test.waits).toEqual([6, 1]);
  });

  it('takes the first strategy that knows', async () => {
    const strategies = with_(
      { type: 'WaitTimeFromHeader', header: 'X-Wait' },
      { type: 'ConstantBackoffStrategy', backoff_time_in_seconds: 9 },
    );
    await send(strategies, 429, { status: 429, headers: { 'x-wait': '4' } });
    expect(test.waits).toEqual([10, 5]);
  });

  it('ends the stream instead of a wait that is too long', async () => {
    for (const type of ['WaitTimeFromHeader', 'WaitUntilTimeFromHeader']) {
      const header = type === 'WaitTimeFromHeader' ? '60' : String(test.now / 1000 + 60);
      const strategy = with_({ type, header: 'X-Wait', max_waiting_time_in_seconds: 60 });
      const error = await failureOf(send(strategy, { status: 429, headers: { 'x-wait': header } }));
      expect(error.kind).toBe('transient');
    }
    expect(test.waits).toEqual([]);
  });
});

describe('a composite', () => {
  const composite = (...handlers: JsonObject[]): JsonObject => ({
    type: 'CompositeErrorHandler',
    error_handlers: handlers,
  });
  it('asks the next handler where one would only fail', async () => {
    const both = composite(
      filters({ http_codes: [409], action: 'RETRY' }),
      filters({ http_codes: [404], action: 'IGNORE' }),
    );
    expect(await send(both, 404)).toBeUndefined();
    expect((await send(both, 409))?.status).toBe(200);
    expect((await failureOf(send(both, 400))).message).toContain('400');
  });

  it('has the retries of the first and the first wait of any', async () => {
    const strategy = { type: 'ConstantBackoffStrategy', backoff_time_in_seconds: 5 };
    const both = composite(handler({ max_retries: 1 }), handler({ max_retries: 7, backoff_strategies: [strategy] }));
    await failureOf(send(both, 500, 500, 500));
    expect(test.waits).toEqual([6]);
  });

  it('keeps a rate limit that a filter named', async () => {
    const both = composite(
      filters({ http_codes: [403], action: 'RATE_LIMITED' }),
      filters({ http_codes: [404], action: 'IGNORE' }),
    );
    expect((await send(both, 403))?.status).toBe(200);
  });
});
