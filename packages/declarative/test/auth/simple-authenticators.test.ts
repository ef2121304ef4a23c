import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { authenticatorSlot } from '../../src/components/auth/slot.js';
import type { RequestParts } from '../../src/components/requesters/slot.js';
import { testContext } from '../requesters/test-context.js';

const config = { key: 'k-123456', user: 'me', password: 'pä:ss', credentials: { kind: 'basic' } };
async function partsOf(raw: JsonObject, over: JsonObject = {}): Promise<{ parts: RequestParts; redacted: string }> {
  const test = testContext({ ...config, ...over });
  const authenticator = test.build(raw, authenticatorSlot);
  const parts = await authenticator.parts(
    { method: 'GET', url: 'http://a/', headers: {} },
    new AbortController().signal,
  );
  return { parts, redacted: test.context.redact(JSON.stringify(parts)) };
}

describe('authenticators with fixed credentials', () => {
  it('BearerAuthenticator', async () => {
    const { parts, redacted } = await partsOf({ type: 'BearerAuthenticator', api_token: "{{ config['key'] }}" });
    expect(parts).toEqual({ headers: { Authorization: 'Bearer k-123456' } });
    expect(redacted).not.toContain('k-123456');
  });

  it('BasicHttpAuthenticator, also without a password', async () => {
    const { parts, redacted } = await partsOf({
      type: 'BasicHttpAuthenticator',
      username: '{{ config.user }}',
      password: '{{ config.password }}',
    });
    const text = Buffer.from('me:pä:ss').toString('base64');
    expect(parts).toEqual({ headers: { Authorization: `Basic ${text}` } });
    expect(redacted).not.toContain(text);
    const bare = await partsOf({ type: 'BasicHttpAuthenticator', username: '{{ config.key }}' });
    expect(bare.parts.headers?.Authorization).toBe(`Basic ${Buffer.from('k-123456:').toString('base64')}`);
  });

  it.each<[JsonObject, RequestParts]>([
    [{ header: 'X-Key' }, { headers: { 'X-Key': 'k-123456' } }],
    [
      { inject_into: { type: 'RequestOption', inject_into: 'header', field_name: 'X-Key' } },
      { headers: { 'X-Key': 'k-123456' } },
    ],
    [
      { inject_into: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'key' } },
      { params: { key: 'k-123456' } },
    ],
    [
      { inject_into: { type: 'RequestOption', inject_into: 'body_data', field_name: 'key' } },
      { bodyData: { key: 'k-123456' } },
    ],
    [
      { inject_into: { type: 'RequestOption', inject_into: 'body_json', field_path: ['auth', 'key'] } },
      { bodyJson: { auth: { key: 'k-123456' } } },
    ],
  ])('ApiKeyAuthenticator %j', async (where, wanted) => {
    const { parts } = await partsOf({ type: 'ApiKeyAuthenticator', api_token: '{{ config.key }}', ...where });
    expect(parts).toEqual(wanted);
  });

  it('ApiKeyAuthenticator needs one place', () => {
    const inject_into = { type: 'RequestOption', inject_into: 'header', field_name: 'X' };
    const build = (raw: JsonObject) => () =>
      testContext(config).build({ type: 'ApiKeyAuthenticator', ...raw }, authenticatorSlot);
    expect(build({ header: 'X', inject_into })).toThrow(/header or inject_into/);
    expect(build({})).toThrow(/header or inject_into/);
  });

  it('send a key as it is written, also when it looks like a number', async () => {
    for (const key of ['12e45', '1.50', '1_000', '0x10', '007']) {
      const { parts } = await partsOf({ type: 'BearerAuthenticator', api_token: '{{ config.key }}' }, { key });
      expect(parts.headers?.Authorization).toBe(`Bearer ${key}`);
    }
    await expect(partsOf({ type: 'BearerAuthenticator', api_token: "{{ config['no']['where'] }}" })).rejects.toThrow();
  });

  it('NoAuth adds nothing', async () => {
    expect((await partsOf({ type: 'NoAuth' })).parts).toEqual({});
  });
});

describe('SelectiveAuthenticator', () => {
  const selective = {
    type: 'SelectiveAuthenticator',
    authenticator_selection_path: ['credentials', 'kind'],
    authenticators: {
      basic: { type: 'BasicHttpAuthenticator', username: '{{ config.user }}' },
      bearer: { type: 'BearerAuthenticator', api_token: '{{ config.key }}' },
    },
  };
  it('takes what the configuration names', async () => {
    expect((await partsOf(selective)).parts.headers?.Authorization).toMatch(/^Basic /);
    const other = await partsOf(selective, { credentials: { kind: 'bearer' } });
    expect(other.parts.headers?.Authorization).toBe('Bearer k-123456');
  });

  it('says what can be chosen', async () => {
    await expect(partsOf(selective, { credentials: { kind: 'constructor' } })).rejects.toThrow(
      /must be one of basic, bearer/,
    );
    await expect(partsOf(selective, { credentials: {} })).rejects.toThrow(/nothing at 'credentials.kind'/);
  });
});
