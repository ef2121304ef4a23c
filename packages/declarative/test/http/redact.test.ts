import { describe, expect, it } from 'vitest';
import { createRedactor, secretsOf } from '../../src/http/redact.js';

function redactor(...secrets: string[]) {
  const made = createRedactor();
  for (const secret of secrets) made.addSecret(secret);
  return made;
}

describe('createRedactor', () => {
  const secret = 'p@ss/w0rd "ä" +1';
  it.each([
    ['raw', secret],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON of ASCII', 'x\\": p@ss/w0rd \\"\\u00e4\\" +1'],
    ['in a query', `https://a.com/?k=${encodeURIComponent(secret)}`],
    ['in a form', `k=${new URLSearchParams({ k: secret }).toString().slice(2)}`],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64 after something of one byte', Buffer.from(`u${secret}`).toString('base64')],
    ['in base64 between other things', Buffer.from(`user:${secret}:more`).toString('base64')],
    ['in base64url', Buffer.from(`us:${secret}`).toString('base64url')],
  ])('finds a secret %s', (_where, text) => {
    const hidden = redactor(secret).redact(`before ${text} after`);
    expect(hidden).toContain('****');
    for (const part of ['p@ss', 'w0rd', 'cEBzcy93M', 'QHNzL3cwcmQ', 'w0rd%20']) expect(hidden).not.toContain(part);
    expect(hidden.startsWith('before ')).toBe(true);
    expect(hidden.endsWith(' after')).toBe(true);
  });

  it('hides short values only where they stand alone, and shortest not at all', () => {
    const made = redactor('abc', '1', 'true', '');
    expect(made.redact('key=abc, abcdef, xabc')).toBe('key=****, abcdef, xabc');
    expect(made.redact('page 1 of 11 is true')).toBe('page 1 of 11 is true');
  });

  it('hides the longer one where a secret is part of another', () => {
    expect(redactor('secret', 'secret-and-more').redact('a secret-and-more b')).toBe('a **** b');
  });

  it('hides each line of a key', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7';
    const key = `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;
    expect(redactor(key).redact(`line: ${line}`)).toBe('line: ****');
  });

  it('forgets the oldest tokens of a long run, and never the first secrets', () => {
    const made = redactor('of-the-configuration');
    for (let count = 0; count < 3000; count++) made.addSecret(`token-number-${count}-`);
    expect(made.redact('of-the-configuration token-number-2999- token-number-700-')).toBe(
      '**** **** token-number-700-',
    );
  });

  it('treats a secret as text, not as a pattern', () => {
    expect(redactor('a.b*c(d)[e]').redact('aXbYc(d)[e] a.b*c(d)[e]')).toBe('aXbYc(d)[e] ****');
  });
});

describe('secretsOf', () => {
  it('finds what the spec marks, in objects, lists and alternatives', () => {
    const spec = {
      properties: {
        name: { type: 'string' },
        token: { type: 'string', airbyte_secret: true },
        pin: { type: 'integer', airbyte_secret: true },
        credentials: {
          oneOf: [
            { properties: { key: { airbyte_secret: true }, kind: { const: 'a' } } },
            { properties: { user: {}, password: { airbyte_secret: true } } },
          ],
        },
        accounts: { type: 'array', items: { $ref: '#/definitions/account' } },
        service: { airbyte_secret: true },
      },
      definitions: { account: { properties: { id: {}, secret: { airbyte_secret: true } } } },
    };
    const config = {
      name: 'public',
      token: 'token-1',
      pin: 123456,
      credentials: { user: 'me', password: 'pass-1', key: 'key-1' },
      accounts: [{ id: 'id-1', secret: 'secret-1' }, { secret: 'secret-2' }],
      service: '{"private_key": "pk-1", "client_email": "a@b.c"}',
    };
    expect(new Set(secretsOf(config, spec))).toEqual(
      new Set(['token-1', '123456', 'pass-1', 'key-1', 'secret-1', 'secret-2', config.service, 'pk-1']),
    );
  });

  it('survives a spec that refers to itself', () => {
    const spec = { properties: { a: { $ref: '#' }, s: { airbyte_secret: true } } };
    expect(secretsOf({ a: { a: { s: 'deep-secret' } } }, spec)).toEqual(['deep-secret']);
    expect(secretsOf({ s: 'x-1' }, { $ref: '#' })).toEqual([]);
  });
});
