import { domainToASCII } from 'node:url';
import { toText } from '@tidemark/interpolation';

// RFC 3986: what stays as it is in a path and in a query.
const PATH_SAFE = /[^A-Za-z0-9._~!$&'()*+,;=:@/-]/gu;
const QUERY_SAFE = /[^A-Za-z0-9._~!$&'()*+,;=:@/?-]/gu;

/**
 * A path below a base: `https://a/v1` and `items` give `https://a/v1/items`, as if the base ended with a slash. A whole URL
 * replaces the base, `/items` its path, `?a=1` its query.
 */
export function joinUrl(base: string, path: string): string {
  if (path === '') return base;
  const parts = split(base.endsWith('/') ? base : `${base}/`);
  if (!parts) return base + path;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return path;
  if (path.startsWith('//')) return `${parts.scheme}:${path}`;
  const root = `${parts.scheme}://${parts.authority}`;
  const [, own = '', query, fragment] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(path) ?? [];
  const tail = (query === '?' ? '' : (query ?? '')) + (fragment === '#' ? '' : (fragment ?? ''));
  if (own === '') return root + parts.path + (query ? tail : parts.query + tail);
  if (own.startsWith('/')) return root + withoutDots(own) + tail;
  // Slashes that would double between the parts are one.
  const segments = [...parts.path.split('/').slice(0, -1), ...own.split('/')];
  const joined = segments.filter((segment, index) => segment !== '' || index === 0 || index === segments.length - 1);
  return root + withoutDots(joined.join('/')) + tail;
}

function split(url: string) {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?$/is.exec(url);
  return match ? { scheme: match[1]!, authority: match[2]!, path: match[3]!, query: match[4] ?? '' } : undefined;
}

function withoutDots(path: string): string {
  if (!path.includes('.')) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') {
      if (kept.length > 1) kept.pop();
    } else if (segment !== '.') kept.push(segment);
    if (isLast && (segment === '.' || segment === '..')) kept.push('');
  }
  return kept.join('/');
}

/**
 * The URL as it goes over the wire: parameters added to its query, everything encoded once, escapes of ordinary characters
 * undone. Parameters that the URL's own query has with the same value are left out.
 */
export function prepareUrl(url: string, parameters: Record<string, unknown> = {}): string {
  const text = url.trimStart();
  const match = /^(https?):\/\/(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/is.exec(text);
  if (!match) return text;
  const [, scheme, user, host, path, query] = match;
  const given = encodeForm(withoutGiven(parameters, query ?? ''));
  const own = query === undefined ? '' : escaped(query, QUERY_SAFE);
  const whole = [own, given].filter((part) => part !== '').join('&');
  const authority = `${user ? `${user}@` : ''}${asciiHost(host!)}`;
  const target = `${escaped(withoutDots(path || '/'), PATH_SAFE)}${whole ? `?${whole}` : ''}`;
  return `${scheme!.toLowerCase()}://${authority}${unescaped(target)}`;
}

/** `exämple.com` as the network knows it. */
function asciiHost(host: string): string {
  const [, name = '', port = ''] = /^(.*?)(:\d*)?$/.exec(host) ?? [];
  return /^[\x20-\x7e]*$/.test(name) ? host.toLowerCase() : (domainToASCII(name) || name) + port;
}

/** Encodes what may not stand in this part. A part that is encoded already keeps its escapes. */
function escaped(part: string, unsafe: RegExp): string {
  const escapes = part.match(/%[0-9A-Fa-f]{2}/g)?.length ?? 0;
  const isEncoded = escapes === part.split('%').length - 1;
  const upper = part.replace(/%[0-9A-Fa-f]{2}/g, (code) => code.toUpperCase());
  return upper.replace(unsafe, (char) => (char === '%' && isEncoded ? char : percent(char)));
}

/** `%7E` is `~`: escapes of characters that never need one are undone. */
function unescaped(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => {
    const char = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : code;
  });
}

function percent(text: string): string {
  return [...Buffer.from(text, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function withoutGiven(parameters: Record<string, unknown>, query: string): Record<string, unknown> {
  if (query === '') return parameters;
  const own = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) if (value !== '' && !own.has(name)) own.set(name, value);
  return Object.fromEntries(Object.entries(parameters).filter(([name, value]) => own.get(name) !== toText(value)));
}

/**
 * `a=1&b=x+y`: the form of queries and form bodies. A list repeats its key, null is left out, true is `True`, an object gives
 * its keys.
 */
export function encodeForm(values: Record<string, unknown>): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    for (const item of itemsOf(value)) {
      if (item === null || item === undefined) continue;
      for (const inner of itemsOf(item)) pairs.push(`${quotePlus(name)}=${quotePlus(toText(inner))}`);
    }
  }
  return pairs.join('&');
}

function itemsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (value !== null && typeof value === 'object') {
    if (Symbol.iterator in value) return [...(value as Iterable<unknown>)];
    if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
      return Object.keys(value);
  }
  return [value];
}

/** Encodes a name or value of a query or form: a space is `+`. */
export function quotePlus(text: string): string {
  return text.replace(/[^A-Za-z0-9_.~ -]+/gu, percent).replaceAll(' ', '+');
}
