/** The environment variables that are read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that requests to this URL go through; undefined: none. Reads `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`. */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const proxy = variable(env, `${scheme}_proxy`) ?? variable(env, 'all_proxy');
  if (proxy === undefined || isExempt(url, variable(env, 'no_proxy') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** Lower case first, as other programs do; an empty value counts as not set. */
function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

/** `no_proxy` is a list of hosts, `.domain` suffixes, `host:port` pairs and IPv4 blocks; `*` means all. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((raw) => {
      const entry = raw.toLowerCase();
      if (entry === '*') return true;
      if (entry.includes('/')) return isInBlock(host, entry);
      const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (entryPort !== undefined && entryPort !== port) return false;
      const bare = name.replace(/^\*?\./, '');
      return bare !== '' && (host === bare || host.endsWith(`.${bare}`));
    });
}

function isInBlock(host: string, block: string): boolean {
  const [base = '', bits = ''] = block.split('/');
  const address = ipv4(host);
  const network = ipv4(base);
  const length = Number(bits);
  if (address === undefined || network === undefined || !(length >= 0 && length <= 32)) return false;
  const size = 2 ** (32 - length);
  return Math.floor(address / size) === Math.floor(network / size);
}

function ipv4(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
