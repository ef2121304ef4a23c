import type { JsonObject } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Authenticator, authenticatorSlot } from '../../src/components/auth/slot.js';
import { requesterSlot } from '../../src/components/requesters/slot.js';
import { type Asked, json, type LocalServer, serve } from '../http/local-server.js';
import { type TestContext, testContext } from '../requesters/test-context.js';

let api: LocalServer;
let test: TestContext;
let count = 0;
let answer: (asked: Asked) => { status: number; body: unknown } | undefined;
beforeEach(async () => {
  count = 0;
  answer = () => undefined;
  api = await serve((asked, response) => {
    const { status, body } = answer(asked) ?? { status: 200, body: { data: { token: `session-${++count}` } } };
    json(response, body, status);
  });
  test = testContext({ user: 'me', password: 'pass-word' });
});
afterEach(async () => {
  await test.close();
  await api.close();
});

const signal = () => new AbortController().signal;
const request = { method: 'GET', url: 'http://a/', headers: {} };

describe('SessionTokenAuthenticator', () => {
  const session = (more: JsonObject = {}): JsonObject => ({
    type: 'SessionTokenAuthenticator',
    login_requester: {
      type: 'HttpRequester',
      url: `${api.url}/login`,
      http_method: 'POST',
      request_body_json: { user: '{{ config.user }}', password: '{{ config.password }}' },
    },
    session_token_path: ['data', 'token'],
    expiration_duration: 'PT1H',
    request_authentication: { type: 'Bearer' },
    ...more,
  });
  const parts = (authenticator: Authenticator) => authenticator.parts(request, signal());

  it('logs in once and uses the token until it is too old', async () => {
    const authenticators = [test.build(session(), authenticatorSlot), test.build(session(), authenticatorSlot)];
    for (const one of authenticators)
      expect(await parts(one)).toEqual({ headers: { Authorization: 'Bearer session-1' } });
    expect(api.asked).toHaveLength(1);
    expect(JSON.parse(api.asked[0]!.body)).toEqual({ user: 'me', password: 'pass-word' });
    expect(test.context.redact('session-1')).toBe('****');
    test.now += 3_600_001;
    expect(await parts(authenticators[0]!)).toEqual({ headers: { Authorization: 'Bearer session-2' } });
  });

  it('logs in again now and then where nobody says how long a token lives', async () => {
    const authenticator = test.build(session({ expiration_duration: null }), authenticatorSlot);
    await parts(authenticator);
    await parts(authenticator);
    expect(api.asked).toHaveLength(1);
    test.now += 61_000;
    await parts(authenticator);
    expect(api.asked).toHaveLength(2);
  });

  it('writes the token where and as it is told to', async () => {
    const inject_into = { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'sid' };
    const plain = test.build(session({ request_authentication: { type: 'ApiKey', inject_into } }), authenticatorSlot);
    expect(await parts(plain)).toEqual({ params: { sid: 'session-1' } });
    const header = { type: 'RequestOption', inject_into: 'header', field_name: 'Authorization' };
    const formed = test.build(
      session({
        request_authentication: { type: 'ApiKey', inject_into: header, api_token: 'Token {{ session_token }}' },
      }),
      authenticatorSlot,
    );
    expect(await parts(formed)).toEqual({ headers: { Authorization: 'Token session-2' } });
  });

  it('renews a token that is refused', async () => {
    answer = ({ url, headers }) =>
      url === '/login' ? undefined : { status: headers.authorization === 'Bearer session-2' ? 200 : 401, body: {} };
    const raw = {
      type: 'HttpRequester',
      url: `${api.url}/data`,
      authenticator: session(),
      error_handler: {
        type: 'DefaultErrorHandler',
        response_filters: [{ type: 'HttpResponseFilter', http_codes: [401], action: 'REFRESH_TOKEN_THEN_RETRY' }],
      },
    };
    expect((await test.build(raw, requesterSlot).send({ scope: {}, parts: {}, signal: signal() }))?.status).toBe(200);
  });

  it('says so when the login gives no token', async () => {
    answer = () => ({ status: 200, body: { data: {} } });
    await expect(parts(test.build(session(), authenticatorSlot))).rejects.toThrow(/no session token at 'data.token'/);
    answer = () => ({ status: 401, body: { message: 'wrong password' } });
    await expect(parts(test.build(session(), authenticatorSlot))).rejects.toMatchObject({ kind: 'config' });
  });
});

describe('LegacySessionTokenAuthenticator', () => {
  const legacy = (more: JsonObject = {}): JsonObject => ({
    type: 'LegacySessionTokenAuthenticator',
    header: 'X-Session',
    login_url: 'session',
    session_token_response_key: 'id',
    username: '{{ config.user }}',
    password: '{{ config.password }}',
    validate_session_url: 'user/current',
    ...more,
  });
  const parts = (raw: JsonObject) =>
    test.build(raw, authenticatorSlot).parts({ ...request, base: `${api.url}/api/` }, signal());

  it('logs in below the base URL', async () => {
    answer = () => ({ status: 200, body: { id: 'legacy-token' } });
    expect(await parts(legacy())).toEqual({ headers: { 'X-Session': 'legacy-token' } });
    expect(await parts(legacy())).toEqual({ headers: { 'X-Session': 'legacy-token' } });
    expect(api.asked).toHaveLength(1);
    expect(api.asked[0]).toMatchObject({
      method: 'POST',
      url: '/api/session',
      body: '{"username":"me","password":"pass-word"}',
    });
  });

  it('uses a given token while the API takes it', async () => {
    answer = ({ url }) =>
      url === '/api/user/current' ? { status: 200, body: {} } : { status: 200, body: { id: 'other' } };
    expect(await parts(legacy({ session_token: 'given-token' }))).toEqual({ headers: { 'X-Session': 'given-token' } });
    expect(api.asked[0]?.headers['x-session']).toBe('given-token');
    answer = ({ url }) =>
      url === '/api/user/current' ? { status: 401, body: {} } : { status: 200, body: { id: 'fresh-token' } };
    expect(await parts(legacy({ session_token: 'old-token' }))).toEqual({ headers: { 'X-Session': 'fresh-token' } });
  });

  it('needs something to log in with', async () => {
    await expect(parts(legacy({ username: '', password: '' }))).rejects.toThrow(/no user and password/);
  });
});
