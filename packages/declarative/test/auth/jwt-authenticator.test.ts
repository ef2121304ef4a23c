import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { authenticatorSlot } from '../../src/components/auth/slot.js';
import { testContext } from '../requesters/test-context.js';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

async function headerOf(raw: JsonObject, config: JsonObject = {}) {
  const test = testContext(config);
  const authenticator = test.build({ type: 'JwtAuthenticator', ...raw }, authenticatorSlot);
  const parts = await authenticator.parts(
    { method: 'GET', url: 'http://a/', headers: {} },
    new AbortController().signal,
  );
  return { parts, token: String(parts.headers?.Authorization ?? '').replace(/^\S+ /, ''), test };
}

function decoded(token: string): { header: JsonObject; payload: JsonObject; text: string; signature: Buffer } {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as JsonObject;
  return {
    header: read(header),
    payload: read(payload),
    text: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

describe('JwtAuthenticator', () => {
  it('writes header and payload', async () => {
    const now = Date.parse('2024-03-02T10:20:30Z') / 1000;
    const { token } = await headerOf(
      {
        secret_key: '{{ config.key }}',
        algorithm: 'HS256',
        header_prefix: 'Bearer',
        token_duration: 600,
        jwt_headers: { kid: '{{ config.kid }}', cty: 'x' },
        additional_jwt_headers: { more: '{{ config.number }}' },
        jwt_payload: { iss: 'me', aud: 'https://api.example.com' },
        additional_jwt_payload: { scope: ['a', '{{ config.kid }}'] },
      },
      { key: 'signing-key', kid: 'k1', number: 5 },
    );
    const { header, payload, text, signature } = decoded(token);
    expect(header).toEqual({ typ: 'JWT', alg: 'HS256', more: 5, kid: 'k1', cty: 'x' });
    expect(payload).toEqual({
      scope: ['a', 'k1'],
      iss: 'me',
      aud: 'https://api.example.com',
      iat: now,
      exp: now + 600,
      nbf: now,
    });
    expect(signature.equals(createHmac('sha256', 'signing-key').update(text).digest())).toBe(true);
  });

  it('encodes the key when told to', async () => {
    const { token } = await headerOf({
      secret_key: 'key',
      base64_encode_secret_key: true,
      algorithm: 'HS512',
      header_prefix: 'Bearer',
    });
    const { text, signature } = decoded(token);
    expect(signature.equals(createHmac('sha512', Buffer.from('key').toString('base64')).update(text).digest())).toBe(
      true,
    );
  });

  it.each([
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['PS384', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES256K', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['ES512', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
  ])('signs with %s', async (algorithm, generate) => {
    const { privateKey, publicKey } = generate();
    const { token } = await headerOf(
      { secret_key: '{{ config.key }}', algorithm, header_prefix: 'Bearer' },
      { key: pem(privateKey) },
    );
    const { text, signature } = decoded(token);
    const digest = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2, 5)}`;
    const key = algorithm.startsWith('ES')
      ? { key: publicKey, dsaEncoding: 'ieee-p1363' as const }
      : algorithm.startsWith('PS')
        ? { key: publicKey, padding: 6, saltLength: -1 }
        : publicKey;
    expect(verify(digest, Buffer.from(text), key, signature)).toBe(true);
  });

  it('opens an encrypted key, and one that was pasted into one line', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const locked = privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
      .toString();
    const raw = {
      secret_key: '{{ config.key }}',
      algorithm: 'RS256',
      header_prefix: 'Bearer',
      passphrase: '{{ config.pass }}',
    };
    const config = { key: pem(privateKey).replaceAll('\n', '\\n'), pass: '' };
    for (const given of [{ key: locked, pass: 'open sesame' }, config]) {
      const { text, signature } = decoded((await headerOf(raw, given)).token);
      expect(
        verify(
          'sha256',
          Buffer.from(text),
          createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
          signature,
        ),
      ).toBe(true);
    }
  });

  it('puts the token where it is told to', async () => {
    const where = { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'jwt' };
    const { parts } = await headerOf({ secret_key: 'k', algorithm: 'HS256', request_option: where });
    expect(parts.params?.jwt).toMatch(/^ey.*\..*\./);
    expect(parts.headers).toBeUndefined();
  });

  it('does not print the key when it cannot sign with it', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await expect(headerOf({ secret_key: 'not-a-key-at-all', algorithm: 'RS256' })).rejects.toThrow(
      /^The key cannot sign a token with RS256 \((?!.*not-a-key)/,
    );
    await expect(
      headerOf({ secret_key: '{{ config.key }}', algorithm: 'RS256' }, { key: pem(privateKey) }),
    ).rejects.toThrow(/cannot sign/);
  });

  it('refuses names that have fields of their own', async () => {
    await expect(headerOf({ secret_key: 'k', algorithm: 'HS256', additional_jwt_payload: { exp: 1 } })).rejects.toThrow(
      /must not have 'exp'/,
    );
  });
});
