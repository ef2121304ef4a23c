import { afterEach, expect, it } from 'vitest';
import { createTransport } from '../../src/http/undici-transport.js';
import { json, type LocalServer, serve } from '../http/local-server.js';
import type { Answer } from '../run-source.js';
import { connect, manifestOf, readAll, run, streamOf } from '../run-source.js';

const SECRET = 's3cret-of-the-user';
const opened: LocalServer[] = [];
const start = async (...given: Parameters<typeof serve>): Promise<LocalServer> => {
  const server = await serve(...given);
  opened.push(server);
  return server;
};
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

const option = (inject_into: string, field_name: string) => ({ type: 'RequestOption', inject_into, field_name });
const apiKey = (place: string) => ({
  type: 'ApiKeyAuthenticator',
  api_token: '{{ config.key }}',
  inject_into: option(place, 'X-Key'),
});

/** Reads a stream whose API sends every request on to another host. */
async function redirected(status: number, requester: Record<string, unknown>) {
  const thief = await start((_request, response) => json(response, { items: [{ id: 1 }] }));
  const bank = await start((_request, response) => response.writeHead(status, { location: `${thief.url}/got` }).end());
  const transport = createTransport({
    responseBytesMax: 1_000_000,
    env: {},
    holdsSecret: (text) => text.includes(SECRET),
  });
  const stream = streamOf('a', '/a', { requester: { url_base: bank.url, ...requester } as never });
  const connection = await connect(manifestOf({ streams: [stream] }), {
    config: { key: SECRET },
    api: transport as never,
    run: run(),
  });
  const { errors } = await readAll(connection);
  await connection.close?.();
  const seen = JSON.stringify(thief.asked);
  return {
    errors: errors.map(String).join() as string & Answer,
    seen,
    bank: JSON.stringify(bank.asked),
    count: thief.asked.length,
  };
}

it.each([
  ['a bearer token', { authenticator: { type: 'BearerAuthenticator', api_token: '{{ config.key }}' } }],
  ['a key in a header', { authenticator: apiKey('header') }],
  [
    'a user and a password',
    { authenticator: { type: 'BasicHttpAuthenticator', username: '{{ config.key }}', password: 'p' } },
  ],
  ['a header that the manifest sets', { request_headers: { 'X-Secret': '{{ config.key }}', 'X-Tenant': 'shop-7' } }],
  ['a cookie that the manifest sets', { request_headers: { Cookie: 'session={{ config.key }}' } }],
  ['a key in the query', { authenticator: apiKey('request_parameter') }],
])('%s does not go to the host that a redirect names', async (_name, requester) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { seen, count, bank } = await redirected(status, requester);
    expect(bank.includes(SECRET) || bank.includes(Buffer.from(`${SECRET}:p`).toString('base64'))).toBe(true);
    expect(count).toBe(1);
    expect(seen).not.toContain(SECRET);
    expect(seen).not.toContain(Buffer.from(`${SECRET}:p`).toString('base64'));
    expect(seen).not.toMatch(/shop-7|"authorization"|"cookie"/i);
  }
});

it.each([
  ['JSON', { request_body_json: { key: '{{ config.key }}' } }],
  ['a form', { request_body_data: { key: '{{ config.key }}' } }],
])('a body with a secret (%s) is not sent on, and the error does not show it', async (_name, body) => {
  for (const status of [307, 308]) {
    const { errors, count } = await redirected(status, { http_method: 'POST', ...body });
    expect(count).toBe(0);
    expect(errors).toContain('not followed');
    expect(errors).not.toContain(SECRET);
  }
});

it('the same host keeps them', async () => {
  const server = await start((request, response) =>
    request.url === '/a' ? response.writeHead(302, { location: '/b' }).end() : json(response, { items: [] }),
  );
  const transport = createTransport({ responseBytesMax: 1_000_000, env: {}, holdsSecret: () => false });
  const authenticator = { type: 'BearerAuthenticator', api_token: '{{ config.key }}' };
  const stream = streamOf('a', '/a', { requester: { url_base: server.url, authenticator } });
  const connection = await connect(manifestOf({ streams: [stream] }), {
    config: { key: SECRET },
    api: transport as never,
  });
  expect((await readAll(connection)).errors).toEqual([]);
  await connection.close?.();
  expect(server.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/a', `Bearer ${SECRET}`],
    ['/b', `Bearer ${SECRET}`],
  ]);
});
