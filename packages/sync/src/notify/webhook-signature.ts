import { createHmac } from 'node:crypto';

/**
 * The headers that prove who sent a body, as the Standard Webhooks specification has them: HMAC-SHA256 over
 * `id.timestamp.body`, in base64, one signature for each secret. `seconds`: since the epoch.
 */
export function signedHeaders(
  secrets: readonly string[],
  id: string,
  seconds: number,
  body: string,
): Record<string, string> {
  const headers: Record<string, string> = { 'webhook-id': id, 'webhook-timestamp': String(seconds) };
  if (secrets.length === 0) return headers;
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`);
    return `v1,${hmac.digest('base64')}`;
  });
  return { ...headers, 'webhook-signature': signatures.join(' ') };
}

/** `whsec_…` is the key in base64; any other secret is the key as it stands. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8');
}
