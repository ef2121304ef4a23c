const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s;
/** Schemes whose addresses can be relative; the empty one stands for an address that a template will give. */
const RELATIVE = new Set(['', 'http', 'https', 'ftp', 'file', 'sftp', 'ws', 'wss']);

interface Parts {
  scheme: string;
  host: string;
  path: string;
  query: string;
  fragment: string;
}

/**
 * A relative address seen from a base, as `urljoin` of Python reads both. The `URL` of JavaScript cannot be used: it would
 * escape the templates.
 */
export function joinUrl(base: string, relative: string): string {
  const from = split(base, '');
  const to = split(relative, from.scheme);
  if (to.scheme !== from.scheme || !RELATIVE.has(to.scheme)) return relative;
  if (to.host !== '') return print(to);
  if (to.path === '') return print({ ...from, query: to.query || from.query, fragment: to.fragment });
  return print({ ...to, host: from.host, path: resolve(from.path, to.path) });
}

function split(url: string, scheme: string): Parts {
  const match = SCHEME.exec(url);
  let rest = match ? (match[2] as string) : url;
  let host = '';
  if (rest.startsWith('//')) {
    const end = rest.slice(2).search(/[/?#]/);
    host = end < 0 ? rest.slice(2) : rest.slice(2, end + 2);
    rest = end < 0 ? '' : rest.slice(end + 2);
  }
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest) ?? [];
  return { scheme: match ? (match[1] as string).toLowerCase() : scheme, host, path, query, fragment };
}

function resolve(base: string, path: string): string {
  const above = base.split('/');
  if (above.at(-1) !== '') above.pop();
  const all = path.startsWith('/') ? path.split('/') : [...above, ...path.split('/')];
  const segments = all.filter((segment, i) => segment !== '' || i === 0 || i === all.length - 1);
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === '..') resolved.pop();
    else if (segment !== '.') resolved.push(segment);
  }
  if (segments.at(-1) === '.' || segments.at(-1) === '..') resolved.push('');
  return resolved.join('/') || '/';
}

function print({ scheme, host, path, query, fragment }: Parts): string {
  const slash = host !== '' && path !== '' && !path.startsWith('/') ? '/' : '';
  const authority = host === '' ? path : `//${host}${slash}${path}`;
  return `${scheme === '' ? '' : `${scheme}:`}${authority}${query === '' ? '' : `?${query}`}${fragment === '' ? '' : `#${fragment}`}`;
}
