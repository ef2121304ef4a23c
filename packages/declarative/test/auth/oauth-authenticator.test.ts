import type { JsonObject } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Authenticator, authenticatorSlot } from '../../src/components/auth/slot.js';
import { requesterSlot } from '../../src/components/requesters/slot.js';
import { type Asked, json, type LocalServer, serve } from '../http/local-server.js';
import { type TestContext, testContext } from '../requesters/test-context.js';

let login: LocalServer;
let test: TestContext;
let answers: { status?: number; body: unknown }[];
let count = 0;

beforeEach(async () => {
  count = 0;
  answers = [];
  login = await serve((_request: Asked, response) => {
    const next = answers.shift() ?? { body: { access_token: `token-${++count}-abc`, expires_in: 3600 } };
    json(response, next.body, next.status ?? 200);
  });
  test = testContext({ client_id: 'id-1', client_secret: 'secret-1', refresh_token: 'refresh-1' });
});
afterEach(async () => {
  await test.close();
  await login.close();
});

const signal = () => new AbortController().signal;
const request = { method: 'GET', url: 'http://a/', headers: {} };
const oauth = (more: JsonObject = {}): JsonObject => ({
  type: 'OAuthAuthenticator',
  token_refresh_endpoint: `${login.url}/token`,
  client_id: '{{ config.client_id }}',
  client_secret: '{{ config.client_secret }}',
  refresh_token: '{{ config.refresh_token }}',
  ...more,
});
const build = (raw: JsonObject): Authenticator => test.build(raw, authenticatorSlot);
const headerOf = async (authenticator: Authenticator) =>
  (await authenticator.parts(request, signal())).headers?.Authorization;
const form = (asked: Asked | undefined) => [...new URLSearchParams(asked?.body)];

describe('obtaining a token', () => {
  it('asks with the refresh token and the client credentials', async () => {
    expect(
      await headerOf(
        build(oauth({ scopes: ['read', 'write'], refresh_request_body: { audience: 'api', client_id: 'not this' } })),
      ),
    ).toBe('Bearer token-1-abc');
    expect(login.asked[0]).toMatchObject({ method: 'POST', url: '/token' });
    expect(login.asked[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(form(login.asked[0])).toEqual([
      ['grant_type', 'refresh_token'],
      ['client_id', 'id-1'],
      ['client_secret', 'secret-1'],
      ['refresh_token', 'refresh-1'],
      ['scopes', 'read'],
      ['scopes', 'write'],
      ['audience', 'api'],
    ]);
  });

  it('uses the names and the grant type that it is given', async () => {
    const raw = oauth({
      grant_type: 'client_credentials',
      grant_type_name: 'gt',
      client_id_name: 'ci',
      client_secret_name: 'cs',
      refresh_token: null,
      access_token_name: 'tok',
    });
    answers = [{ body: { data: [{ tok: 'deep-token' }] } }];
    expect(await headerOf(build(raw))).toBe('Bearer deep-token');
    expect(form(login.asked[0])).toEqual([
      ['gt', 'client_credentials'],
      ['ci', 'id-1'],
      ['cs', 'secret-1'],
    ]);
  });

  it('sends no client credentials as fields when they are in a header', async () => {
    const headers = { Authorization: "Basic {{ (config.client_id ~ ':' ~ config.client_secret) | base64encode }}" };
    await headerOf(build(oauth({ refresh_request_headers: headers })));
    expect(form(login.asked[0])).toEqual([
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'refresh-1'],
    ]);
    expect(login.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('id-1:secret-1').toString('base64')}`);
  });

  it('sends everything in the query when told so', async () => {
    await headerOf(build(oauth({ send_refresh_request_as_query_params: true })));
    expect(login.asked[0]?.url).toBe(
      '/token?grant_type=refresh_token&client_id=id-1&client_secret=secret-1&refresh_token=refresh-1',
    );
    expect(login.asked[0]?.body).toBe('');
  });

  it('exchanges a signed assertion', async () => {
    const raw = {
      type: 'OAuthAuthenticator',
      token_refresh_endpoint: `${login.url}/token`,
      use_profile_assertion: true,
      profile_assertion: {
        type: 'JwtAuthenticator',
        secret_key: 'key',
        algorithm: 'HS256',
        jwt_payload: { iss: 'me' },
      },
    };
    expect(await headerOf(build(raw))).toBe('Bearer token-1-abc');
    const fields = Object.fromEntries(form(login.asked[0]));
    expect(fields.grant_type).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    expect(JSON.parse(Buffer.from(fields.assertion!.split('.')[1]!, 'base64url').toString())).toMatchObject({
      iss: 'me',
    });
  });

  it('uses a given token where there is no endpoint', async () => {
    const raw = {
      type: 'OAuthAuthenticator',
      access_token_value: '{{ config.refresh_token }}',
      client_id: 'x',
      client_secret: 'y',
    };
    const authenticator = build(raw);
    expect(await headerOf(authenticator)).toBe('Bearer refresh-1');
    expect(authenticator.renew?.({ ...request, headers: { Authorization: 'Bearer refresh-1' } })).toBe(false);
    await expect(headerOf(build({ type: 'OAuthAuthenticator' }))).rejects.toThrow(
      /needs a token_refresh_endpoint or an access_token_value/,
    );
  });
});

describe('keeping a token', () => {
  it('asks once for all requests and all streams with the same definition', async () => {
    const streams = [build(oauth({ $parameters: { name: 'a' } })), build(oauth({ $parameters: { name: 'b' } }))];
    const all = await Promise.all([...streams, ...streams].map(headerOf));
    expect(new Set(all)).toEqual(new Set(['Bearer token-1-abc']));
    expect(login.asked).toHaveLength(1);
  });

  it('asks again when the token is too old', async () => {
    const authenticator = build(oauth());
    await headerOf(authenticator);
    test.now += 3_600_000;
    expect(await headerOf(authenticator)).toBe('Bearer token-1-abc');
    test.now += 1;
    expect(await headerOf(authenticator)).toBe('Bearer token-2-abc');
  });

  it.each([
    [{ access_token: 't', expires_in: '120' }, {}, 120],
    [{ access_token: 't', expires_in: 120.9 }, {}, 120],
    [{ access_token: 't' }, {}, 3600],
    [
      { access_token: 't', until: '2024-03-02T10:22:30Z' },
      { expires_in_name: 'until', token_expiry_date_format: '%Y-%m-%dT%H:%M:%SZ' },
      120,
    ],
    [{ access_token: 't', until: 1709374950 }, { expires_in_name: 'until', token_expiry_date_format: '%s' }, 120],
  ])('%j lives for its time', async (body, more, seconds) => {
    answers = [{ body }];
    const authenticator = build(oauth(more));
    await headerOf(authenticator);
    test.now += seconds * 1000;
    await headerOf(authenticator);
    expect(login.asked).toHaveLength(1);
    test.now += 1;
    await headerOf(authenticator);
    expect(login.asked).toHaveLength(2);
  });

  it('begins with a token of the configuration while that is good', async () => {
    const raw = oauth({ access_token_value: 'first-token', token_expiry_date: '2024-03-02T10:21:00+00:00' });
    const authenticator = build(raw);
    expect(await headerOf(authenticator)).toBe('Bearer first-token');
    test.now += 31_000;
    expect(await headerOf(authenticator)).toBe('Bearer token-1-abc');
  });

  it('goes on for others when one who waits is stopped', async () => {
    const authenticator = build(oauth());
    const abort = new AbortController();
    const stopped = authenticator.parts(request, abort.signal);
    const going = headerOf(authenticator);
    abort.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    expect(await going).toBe('Bearer token-1-abc');
    expect(login.asked).toHaveLength(1);
  });
});

describe('a token that is refused', () => {
  it('is renewed once for all who were refused with it', async () => {
    const api = await serve(({ headers }, response) =>
      json(response, {}, headers.authorization === 'Bearer token-2-abc' ? 200 : 401),
    );
    const raw = {
      type: 'HttpRequester',
      url: api.url,
      authenticator: oauth(),
      error_handler: {
        type: 'DefaultErrorHandler',
        response_filters: [{ type: 'HttpResponseFilter', http_codes: [401], action: 'REFRESH_TOKEN_THEN_RETRY' }],
      },
    };
    const requester = test.build(raw, requesterSlot);
    const all = await Promise.all([1, 2, 3].map(() => requester.send({ scope: {}, parts: {}, signal: signal() })));
    await api.close();
    expect(all.map((response) => response?.status)).toEqual([200, 200, 200]);
    expect(login.asked).toHaveLength(2);
  });

  it('is an error of the configuration when its successor is refused too', async () => {
    const api = await serve((_request, response) => json(response, {}, 401));
    const raw = {
      type: 'HttpRequester',
      url: api.url,
      authenticator: oauth(),
      error_handler: {
        type: 'DefaultErrorHandler',
        response_filters: [{ type: 'HttpResponseFilter', http_codes: [401], action: 'REFRESH_TOKEN_THEN_RETRY' }],
      },
    };
    const sent = test.build(raw, requesterSlot).send({ scope: {}, parts: {}, signal: signal() });
    await expect(sent).rejects.toMatchObject({ kind: 'config' });
    await api.close();
    expect(api.asked).toHaveLength(2);
  });
});

describe('refresh_token_updater', () => {
  it('keeps the new tokens in the configuration and sends it out', async () => {
    test = testContext({
      credentials: { client_id: 'id-2', client_secret: 'secret-2', refresh_token: 'refresh-old' },
      other: 1,
    });
    answers = [
      { body: { access_token: 'access-new', refresh_token: 'refresh-new', expires_in: 60 } },
      { body: { access_token: 'access-newer', expires_in: 60 } },
    ];
    const raw = oauth({
      client_id: 'ignored',
      client_secret: 'ignored',
      refresh_token: null,
      refresh_token_updater: {},
    });
    const authenticator = build(raw);
    expect(await headerOf(authenticator)).toBe('Bearer access-new');
    expect(Object.fromEntries(form(login.asked[0]))).toMatchObject({
      client_id: 'id-2',
      client_secret: 'secret-2',
      refresh_token: 'refresh-old',
    });
    const credentials = { client_id: 'id-2', client_secret: 'secret-2', refresh_token: 'refresh-new' };
    expect(test.changes).toEqual([
      {
        credentials: { ...credentials, access_token: 'access-new', token_expiry_date: '2024-03-02T10:21:30+00:00' },
        other: 1,
      },
    ]);
    test.now += 61_000;
    expect(await headerOf(authenticator)).toBe('Bearer access-newer');
    expect(Object.fromEntries(form(login.asked[1])).refresh_token).toBe('refresh-new');
    expect(test.changes[1]?.credentials).toMatchObject({ refresh_token: 'refresh-new', access_token: 'access-newer' });
    expect(test.context.redact('refresh-old refresh-new access-new access-newer')).toBe('**** **** **** ****');
  });

  it('begins with the tokens of the configuration, at its own paths', async () => {
    test = testContext({
      at: 'kept-token',
      rt: 'kept-refresh',
      until: '2030-01-01T00:00:00Z',
      client_id: 'a',
      client_secret: 'b',
    });
    const raw = oauth({
      refresh_token_updater: {
        access_token_config_path: ['at'],
        refresh_token_config_path: ['rt'],
        token_expiry_date_config_path: ['until'],
      },
    });
    expect(await headerOf(build(raw))).toBe('Bearer kept-token');
    expect(login.asked).toHaveLength(0);
  });

  it('leaves the configuration as it is when the answer has no token', async () => {
    test = testContext({ credentials: { client_id: 'a', client_secret: 'b', refresh_token: 'r' } });
    answers = [{ body: { something: 'else' } }];
    await headerOf(build(oauth({ refresh_token_updater: {} })));
    expect(test.changes).toEqual([]);
    expect(test.context.config.credentials).toEqual({ client_id: 'a', client_secret: 'b', refresh_token: 'r' });
    expect(test.logs).toContain("The token endpoint's answer has no 'access_token'.");
  });

  it('does not break off a request whose answer may hold the only good token', async () => {
    test = testContext({ credentials: { client_id: 'a', client_secret: 'b', refresh_token: 'r' } });
    const authenticator = build(oauth({ refresh_token_updater: {} }));
    const abort = new AbortController();
    const stopped = authenticator.parts(request, abort.signal);
    abort.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    await expect.poll(() => test.changes.length).toBe(1);
  });
});

describe('an endpoint that gives no token', () => {
  it('is asked again after 429 and 5xx', async () => {
    answers = [
      { status: 500, body: {} },
      { status: 429, body: {} },
    ];
    expect(await headerOf(build(oauth()))).toBe('Bearer token-1-abc');
    expect(test.waits).toEqual([1, 2]);
  });

  it('is an error of the configuration when it refuses the credentials', async () => {
    answers = [{ status: 400, body: { error: 'invalid_grant', error_description: 'AADSTS70000: secret-1 is wrong' } }];
    const error = await headerOf(build(oauth())).catch((reason: Error & { detail?: string; kind?: string }) => reason);
    expect(error).toMatchObject({ kind: 'config' });
    expect((error as Error).message).toContain('invalid_grant: AADSTS70000');
    expect(JSON.stringify(error) + (error as Error).message + (error as { detail?: string }).detail).not.toContain(
      'secret-1',
    );
  });

  it('says when the user must log in again', async () => {
    answers = [{ status: 418, body: { error: 'gone' } }];
    const raw = oauth({
      refresh_token_error_status_codes: [418],
      refresh_token_error_key: 'error',
      refresh_token_error_values: ['gone'],
    });
    await expect(headerOf(build(raw))).rejects.toThrow(/authenticate again/);
  });

  it('is a clear error when the answer is no JSON or has no token', async () => {
    answers = [{ body: { token: 'x' } }];
    await expect(headerOf(build(oauth()))).rejects.toThrow(/has no 'access_token'/);
    const page = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    await expect(headerOf(build(oauth({ token_refresh_endpoint: page.url })))).rejects.toThrow(
      /is not JSON \(text\/html\)/,
    );
    await page.close();
  });
});
