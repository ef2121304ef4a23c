import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Agent, Dispatcher, ProxyAgent } from 'undici';
import type { ApiRequest, Transport } from './client.js';
import { type Environment, proxyFor } from './proxy.js';
import { REDIRECTS_MAX, redirected } from './redirect.js';
import { type ApiResponse, BufferedResponse, type ResponseHead, StreamedResponse } from './response.js';
import { networkError, TransportError, tooLarge } from './transport-error.js';

/** How a transport behaves. */
export interface TransportOptions {
  /** Largest body that is held, before and after decompression, bytes. */
  responseBytesMax: number;
  /** True when this text holds a secret: such a body is not redirected to another host. */
  holdsSecret?: (text: string) => boolean;
  /** Connections to one host. */
  connectionsMax?: number;
  userAgent?: string;
  /** Called with every piece of a body: a long download is work. */
  alive?: () => void;
  /** Where proxies and certificates are looked up; the process's environment by default. */
  env?: Environment;
}

/** What decompress.ts can unpack. */
const ACCEPTED_ENCODINGS = 'gzip, deflate, br';
const CONNECT_SECONDS = 30;
const READ_SECONDS = 300;
const HEADER_BYTES_MAX = 65_536;
// Headers that belong to the connection: undici writes them itself.
const OWN_HEADERS = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

/**
 * The transport over undici: keep-alive connections, gzip, deflate and br, timeouts, proxies from the environment, redirects.
 * undici itself is loaded with the first request.
 */
export function createTransport(options: TransportOptions): Transport {
  return new UndiciTransport(options);
}

class UndiciTransport implements Transport {
  private readonly env: Environment;
  private readonly dispatchers = new Map<string, Agent | ProxyAgent>();
  private certificates: string[] | undefined;

  constructor(private readonly options: TransportOptions) {
    this.env = options.env ?? process.env;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    setMaxListeners(0, signal);
    let current = request;
    for (let count = 0; count <= REDIRECTS_MAX; count++) {
      const { head, body } = await this.exchange(current, signal);
      const next = redirected(
        current,
        { status: head.status, location: head.headers.location },
        this.options.holdsSecret ?? (() => false),
      );
      if (!next)
        return this.receive(
          { ...head, request: { method: request.method, url: request.url } },
          body,
          request.streamed === true,
          signal,
        );
      await body.dump();
      current = next;
    }
    throw new TransportError(
      'redirect',
      `${new URL(request.url).host} redirects more than ${REDIRECTS_MAX} times: a loop.`,
    );
  }

  async close(): Promise<void> {
    const dispatchers = [...this.dispatchers.values()];
    this.dispatchers.clear();
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  private async exchange(
    request: ApiRequest,
    signal: AbortSignal,
  ): Promise<{ head: ResponseHead; body: Dispatcher.ResponseData['body'] }> {
    const url = parse(request.url);
    const route = await this.route(url, request);
    try {
      const answer = await route.dispatcher.request({
        origin: route.origin,
        path: route.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: { ...this.headers(request, url), ...route.headers },
        body: request.body,
        signal,
        headersTimeout: (request.readTimeoutSeconds ?? READ_SECONDS) * 1000,
        bodyTimeout: (request.readTimeoutSeconds ?? READ_SECONDS) * 1000,
      });
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
      }
      const head = {
        status: answer.statusCode,
        headers,
        url: request.url,
        request: { method: request.method, url: request.url },
      };
      return { head, body: answer.body };
    } catch (error) {
      throw signal.aborted ? error : networkError(error, url.host);
    }
  }

  private async receive(
    head: ResponseHead,
    body: Dispatcher.ResponseData['body'],
    streamed: boolean,
    signal: AbortSignal,
  ): Promise<ApiResponse> {
    const encoding = head.headers['content-encoding'];
    const host = new URL(head.url).host;
    // An error's body is small, and the error handler wants to read it.
    if (streamed && head.status < 400) {
      const { decompressStream } = await import('./decompress.js');
      return new StreamedResponse(head, guarded(decompressStream(body, encoding), host, this.options.alive));
    }
    const bytesMax = this.options.responseBytesMax;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length;
        this.options.alive?.();
        if (size > bytesMax) throw tooLarge(bytesMax);
        chunks.push(chunk);
      }
    } catch (error) {
      throw signal.aborted ? error : networkError(error, host);
    }
    const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    if (!encoding) return new BufferedResponse(head, whole);
    const { decompress } = await import('./decompress.js');
    return new BufferedResponse(head, await decompress(whole, encoding, bytesMax));
  }

  private headers(request: ApiRequest, url: URL): Record<string, string> {
    const headers: Record<string, string> = {};
    const spelling = new Map<string, string>();
    const given = {
      accept: '*/*',
      'accept-encoding': ACCEPTED_ENCODINGS,
      'user-agent': this.options.userAgent ?? 'tidemark',
      ...request.headers,
    };
    for (const [name, value] of Object.entries(given)) {
      const lower = name.toLowerCase();
      if (OWN_HEADERS.has(lower)) continue;
      // The same header in another spelling: the later one counts.
      const before = spelling.get(lower);
      if (before !== undefined) delete headers[before];
      spelling.set(lower, name);
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
        throw new TransportError('url', `The value of the header '${name}' holds a character that no header may have.`);
      headers[name] = value;
    }
    if (url.username && !spelling.has('authorization')) {
      const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      headers.authorization = `Basic ${Buffer.from(user).toString('base64')}`;
    }
    return headers;
  }

  /** Where the bytes go: straight to the host, through a proxy's tunnel (https), or to the proxy with the whole URL as path. */
  private async route(url: URL, request: ApiRequest) {
    const path = rawPath(request.url);
    const proxy = proxyFor(url, this.env);
    if (proxy === undefined)
      return { dispatcher: await this.dispatcher('', request), origin: url.origin, path, headers: {} };
    if (url.protocol === 'https:')
      return { dispatcher: await this.dispatcher(proxy, request), origin: url.origin, path, headers: {} };
    const gate = parse(proxy);
    const user = gate.username && `${decodeURIComponent(gate.username)}:${decodeURIComponent(gate.password)}`;
    const headers = {
      host: url.host,
      ...(user ? { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` } : {}),
    };
    return { dispatcher: await this.dispatcher('', request), origin: gate.origin, path: url.origin + path, headers };
  }

  private async dispatcher(proxy: string, request: ApiRequest): Promise<Dispatcher> {
    const seconds = request.connectTimeoutSeconds ?? CONNECT_SECONDS;
    const key = `${seconds} ${proxy}`;
    const known = this.dispatchers.get(key);
    if (known) return known;
    const undici = await import('undici');
    const ca = await this.authorities();
    const tls = { timeout: seconds * 1000, ...(ca ? { ca } : {}) };
    const shared = { connections: this.options.connectionsMax ?? 100, maxHeaderSize: HEADER_BYTES_MAX };
    const made = proxy
      ? new undici.ProxyAgent({ ...shared, uri: proxy, requestTls: tls, proxyTls: tls })
      : new undici.Agent({ ...shared, connect: tls });
    const meanwhile = this.dispatchers.get(key);
    if (meanwhile) return meanwhile;
    this.dispatchers.set(key, made);
    return made;
  }

  /** Certificates of REQUESTS_CA_BUNDLE and the like, beside those that Node trusts; undefined: Node's own, as they are. */
  private async authorities(): Promise<string[] | undefined> {
    const bundle = this.env.REQUESTS_CA_BUNDLE || this.env.CURL_CA_BUNDLE;
    if (!bundle) return undefined;
    const extra = this.env.NODE_EXTRA_CA_CERTS;
    const { rootCertificates } = await import('node:tls');
    this.certificates ??= [
      ...rootCertificates,
      readFileSync(bundle, 'utf8'),
      ...(extra ? [readFileSync(extra, 'utf8')] : []),
    ];
    return this.certificates;
  }
}

/** Path and query as they were written: a URL object would write some characters in its own way. */
function rawPath(url: string): string {
  const path = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? '/';
  return path.startsWith('/') ? path : `/${path}`;
}

function parse(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TransportError('url', 'The URL of a request is not valid.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TransportError('url', `URLs with ${url.protocol} cannot be asked.`);
  return url;
}

async function* guarded(
  body: AsyncIterable<Uint8Array>,
  host: string,
  alive: () => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      alive();
      yield chunk;
    }
  } catch (error) {
    throw networkError(error, host);
  }
}
