import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { TransportError } from '../../src/http/transport-error.js';
import { createTransport, type TransportOptions } from '../../src/http/undici-transport.js';
import { json, type LocalServer, serve } from './local-server.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function server(...args: Parameters<typeof serve>): Promise<LocalServer> {
  const made = await serve(...args);
  open.push(made);
  return made;
}

function transport(options: Partial<TransportOptions> = {}) {
  const made = createTransport({ responseBytesMax: 1_000_000, env: {}, ...options });
  open.push(made);
  return made;
}

const signal = () => new AbortController().signal;
const get = (url: string, headers: Record<string, string> = {}) => ({ method: 'GET', url, headers });

describe('a plain exchange', () => {
  it('sends method, path, headers and body, and gives status, headers and body', async () => {
    const api = await server((_request, response) => json(response, { id: 1 }, 201, { 'X-Page': '2' }));
    const response = await transport().send(
      {
        method: 'POST',
        url: `${api.url}/a%20b?x=[1]`,
        headers: { 'X-Key': 'k', 'Content-Type': 'application/json' },
        body: '{"q":1}',
      },
      signal(),
    );
    expect(response.status).toBe(201);
    expect(response.headers['x-page']).toBe('2');
    expect(response.json()).toEqual({ id: 1 });
    expect(api.asked[0]).toMatchObject({ method: 'POST', url: '/a%20b?x=[1]', body: '{"q":1}' });
    expect(api.asked[0]?.headers).toMatchObject({
      'x-key': 'k',
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br',
    });
  });

  it('sends a body with GET too', async () => {
    const api = await server((_request, response) => json(response, {}));
    await transport().send({ ...get(`${api.url}/search`), body: '{"q":1}' }, signal());
    expect(api.asked[0]).toMatchObject({ method: 'GET', body: '{"q":1}' });
  });

  it('uses a connection again for requests that follow each other', async () => {
    let sockets = 0;
    const api = await server((_request, response) => json(response, {}));
    api.server.on('connection', () => sockets++);
    const client = transport();
    for (let count = 0; count < 10; count++) await client.send(get(api.url), signal());
    // A second one is opened when the first has not yet been given back.
    expect(sockets).toBeLessThan(3);
  });

  it('takes the last of two spellings of a header and leaves out what belongs to the connection', async () => {
    const api = await server((_request, response) => json(response, {}));
    await transport().send(
      get(api.url, { 'x-a': 'one', 'X-A': 'two', 'Content-Length': '99', Connection: 'close' }),
      signal(),
    );
    expect(api.asked[0]?.headers['x-a']).toBe('two');
    expect(api.asked[0]?.headers['content-length']).toBeUndefined();
  });

  it('refuses a header value that would begin another header, and does not print it', async () => {
    const error = await transport()
      .send(get('http://127.0.0.1:1/', { Authorization: 'Bearer s3cret\r\nX-Evil: 1' }), signal())
      .catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).not.toContain('s3cret');
  });

  it('ends with the reason of the signal', async () => {
    const api = await server(() => {});
    const abort = new AbortController();
    const sent = transport().send(get(api.url), abort.signal);
    abort.abort(new Error('stopped by the user'));
    await expect(sent).rejects.toThrow('stopped by the user');
  });

  it('gives up on a server that is silent', async () => {
    const api = await server(() => {});
    const sent = transport().send({ ...get(api.url), readTimeoutSeconds: 0.1 }, signal());
    await expect(sent).rejects.toMatchObject({ failure: 'network' });
  });
});

describe('bodies', () => {
  const text = JSON.stringify({ text: 'ä'.repeat(1000) });
  it.each([
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate, gzip', gzipSync(deflateSync(text))],
  ])('unpacks %s', async (encoding, body) => {
    const api = await server((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-type': 'application/json' });
      response.end(body);
    });
    const buffered = await transport().send(get(api.url), signal());
    expect(buffered.text()).toBe(text);
    const streamed = await transport().send({ ...get(api.url), streamed: true }, signal());
    const chunks: Uint8Array[] = [];
    for await (const chunk of streamed.stream()) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString('utf8')).toBe(text);
  });

  it('stops at the bound, whether the body is plain or a bomb', async () => {
    const api = await server(({ url }, response) => {
      if (url === '/bomb')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000)));
      else response.end(Buffer.alloc(2_000_000));
    });
    await expect(transport().send(get(`${api.url}/plain`), signal())).rejects.toMatchObject({ failure: 'size' });
    await expect(transport().send(get(`${api.url}/bomb`), signal())).rejects.toMatchObject({ failure: 'size' });
  });

  it('calls a body that is cut short a broken connection', async () => {
    const cut = createServer((socket: Socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'));
    });
    await new Promise<void>((resolve) => cut.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => new Promise((resolve) => cut.close(() => resolve())) });
    const { port } = cut.address() as { port: number };
    await expect(transport().send(get(`http://127.0.0.1:${port}/`), signal())).rejects.toMatchObject({
      failure: 'network',
    });
    const packed = gzipSync(text);
    const api = await server((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed.subarray(0, packed.length - 12));
    });
    await expect(transport().send(get(api.url), signal())).rejects.toMatchObject({ failure: 'network' });
  });

  it('says so when a body is not packed as its header says', async () => {
    const api = await server((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain'),
    );
    await expect(transport().send(get(api.url), signal())).rejects.toMatchObject({ failure: 'body' });
  });

  it('buffers the body of an error although a stream was asked for', async () => {
    const api = await server((_request, response) => json(response, { error: 'no' }, 400));
    const response = await transport().send({ ...get(api.url), streamed: true }, signal());
    expect(response.json()).toEqual({ error: 'no' });
  });
});

describe('redirects', () => {
  it('follows them, and says where it ended', async () => {
    const api = await server(({ url }, response) => {
      if (url === '/old') response.writeHead(302, { location: '/new?a=1' }).end();
      else json(response, { url });
    });
    const response = await transport().send(get(`${api.url}/old`, { 'X-Key': 'k' }), signal());
    expect(response.json()).toEqual({ url: '/new?a=1' });
    expect(response.url).toBe(`${api.url}/new?a=1`);
    expect(response.request.url).toBe(`${api.url}/old`);
    expect(api.asked[1]?.headers['x-key']).toBe('k');
  });

  it('ends a loop with a clear error', async () => {
    const api = await server((_request, response) => response.writeHead(302, { location: '/again' }).end());
    const error = await transport()
      .send(get(api.url), signal())
      .catch((reason: Error) => reason);
    expect(error).toMatchObject({ failure: 'redirect' });
    expect((error as Error).message).toMatch(/redirects more than 20 times/);
  });

  it('turns a POST into a GET where the status says so, and keeps it where not', async () => {
    const api = await server(({ url }, response) => {
      if (url === '/303') response.writeHead(303, { location: '/end' }).end();
      else if (url === '/307') response.writeHead(307, { location: '/end' }).end();
      else json(response, {});
    });
    const client = transport();
    const post = (path: string) => ({
      method: 'POST',
      url: api.url + path,
      headers: { 'Content-Type': 'text/plain' },
      body: 'x',
    });
    await client.send(post('/303'), signal());
    await client.send(post('/307'), signal());
    expect(api.asked[1]).toMatchObject({ method: 'GET', url: '/end', body: '' });
    expect(api.asked[1]?.headers['content-type']).toBeUndefined();
    expect(api.asked[3]).toMatchObject({ method: 'POST', url: '/end', body: 'x' });
  });

  it('takes no credentials to another host', async () => {
    const other = await server((_request, response) => json(response, {}));
    const api = await server((_request, response) => response.writeHead(307, { location: `${other.url}/there` }).end());
    const client = transport({ holdsSecret: (text) => text.includes('s3cret') });
    const headers = { Authorization: 'Bearer s3cret', 'X-Api-Key': 's3cret', Cookie: 'session=1', Accept: 'text/csv' };
    await client.send({ method: 'POST', url: api.url, headers, body: 'harmless' }, signal());
    expect(other.asked[0]?.headers.accept).toBe('text/csv');
    for (const name of ['authorization', 'x-api-key', 'cookie']) expect(other.asked[0]?.headers[name]).toBeUndefined();
    await expect(
      client.send({ method: 'POST', url: api.url, headers, body: 'client_secret=s3cret' }, signal()),
    ).rejects.toMatchObject({
      failure: 'redirect',
    });
    expect(other.asked).toHaveLength(1);
  });

  it('does not follow one to another kind of URL', async () => {
    const api = await server((_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    await expect(transport().send(get(api.url), signal())).rejects.toMatchObject({ failure: 'redirect' });
  });
});

describe('proxies', () => {
  it('asks a proxy with the whole URL', async () => {
    const proxy = await server((_request, response) => json(response, { from: 'proxy' }));
    const client = transport({ env: { HTTP_PROXY: proxy.url.replace('http://', 'http://user:pa%20ss@') } });
    const response = await client.send(get('http://api.example.com/v1/items?a=1'), signal());
    expect(response.json()).toEqual({ from: 'proxy' });
    expect(response.url).toBe('http://api.example.com/v1/items?a=1');
    expect(proxy.asked[0]?.url).toBe('http://api.example.com/v1/items?a=1');
    expect(proxy.asked[0]?.headers.host).toBe('api.example.com');
    expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(
      `Basic ${Buffer.from('user:pa ss').toString('base64')}`,
    );
  });

  it('opens a tunnel for https', async () => {
    const proxy = await server(() => {});
    let target = '';
    proxy.server.on('connect', (request, socket) => {
      target = request.url ?? '';
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.once('data', () => socket.destroy());
    });
    await transport({ env: { https_proxy: proxy.url } })
      .send(get('https://api.example.com/'), signal())
      .catch(() => undefined);
    expect(target).toBe('api.example.com:443');
  });
});

describe('what cannot be asked', () => {
  it('says which kind of mistake it is', async () => {
    const client = transport();
    await expect(client.send(get('not a url'), signal())).rejects.toMatchObject({ failure: 'url' });
    await expect(client.send(get('ftp://example.com/'), signal())).rejects.toMatchObject({ failure: 'url' });
    await expect(client.send(get('http://127.0.0.1:1/?key=s3cret'), signal())).rejects.toMatchObject({
      failure: 'network',
    });
    const error = await client.send(get('http://127.0.0.1:1/?key=s3cret'), signal()).catch((reason: Error) => reason);
    expect((error as Error).message).not.toContain('s3cret');
    expect((error as Error).message).toContain('127.0.0.1:1');
  });

  it('reads certificates from REQUESTS_CA_BUNDLE', async () => {
    const api = await server((_request, response) => json(response, {}));
    const bundle = join(mkdtempSync(join(tmpdir(), 'tidemark-test-')), 'ca.pem');
    writeFileSync(bundle, '');
    const missing = transport({ env: { REQUESTS_CA_BUNDLE: `${bundle}.missing` } });
    await expect(missing.send(get(api.url), signal())).rejects.toThrow(/ca\.pem\.missing/);
    const there = transport({ env: { REQUESTS_CA_BUNDLE: bundle } });
    expect((await there.send(get(api.url), signal())).status).toBe(200);
  });
});
