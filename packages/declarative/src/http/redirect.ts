import type { ApiRequest } from './client.js';
import { TransportError } from './transport-error.js';

/** The most redirects that are followed for one request. */
export const REDIRECTS_MAX = 20;

const STATUSES = new Set([301, 302, 303, 307, 308]);
// What a request to another host keeps: everything else may be a credential.
const HARMLESS = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'content-type',
  'range',
  'user-agent',
]);

/**
 * The request that a redirect asks for; undefined when the answer is none. Another host (or the same one without TLS) gets
 * no credentials: only harmless headers, and no body that holds a secret.
 * Throws TransportError when the redirect must not be followed.
 */
export function redirected(
  request: ApiRequest,
  answer: { status: number; location: string | undefined },
  holdsSecret: (text: string) => boolean,
): ApiRequest | undefined {
  if (!STATUSES.has(answer.status) || !answer.location) return undefined;
  const from = new URL(request.url);
  const to = target(answer.location, from);
  const isTrusted = mayKeepCredentials(from, to);
  const becomesGet =
    answer.status === 303 ? request.method !== 'HEAD' : answer.status <= 302 && request.method === 'POST';
  const body = becomesGet ? undefined : request.body;
  if (
    body !== undefined &&
    !isTrusted &&
    holdsSecret(typeof body === 'string' ? body : Buffer.from(body).toString('latin1'))
  ) {
    throw new TransportError(
      'redirect',
      `${from.host} redirects a request with credentials in its body to ${to.host}: not followed.`,
    );
  }
  const headers = Object.entries(request.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === 'content-length') return false;
    if (becomesGet && lower === 'content-type') return false;
    return isTrusted || HARMLESS.has(lower);
  });
  return {
    ...request,
    method: becomesGet ? 'GET' : request.method,
    url: to.href,
    headers: Object.fromEntries(headers),
    body,
  };
}

function target(location: string, from: URL): URL {
  let to: URL;
  try {
    // Servers send UTF-8 here, which the header gave us byte by byte.
    to = new URL(Buffer.from(location, 'latin1').toString('utf8'), from);
  } catch {
    throw new TransportError('redirect', `${from.host} redirects to something that is not a URL.`);
  }
  if (to.protocol !== 'http:' && to.protocol !== 'https:') {
    throw new TransportError('redirect', `${from.host} redirects to a ${to.protocol} URL: not followed.`);
  }
  to.username = '';
  to.password = '';
  if (to.hash === '') to.hash = from.hash;
  return to;
}

/** The same host and port; from plain to TLS on the usual ports counts as the same. */
function mayKeepCredentials(from: URL, to: URL): boolean {
  if (from.hostname !== to.hostname) return false;
  if (from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === '') return true;
  return from.protocol === to.protocol && from.port === to.port;
}
