import { afterEach, describe, expect, it } from 'vitest';
import { ResponseCache } from '../../src/http/cache.js';
import { type ApiResponse, BufferedResponse } from '../../src/http/response.js';

const caches: ResponseCache[] = [];
afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});
function cacheOf(options?: ConstructorParameters<typeof ResponseCache>[0]): ResponseCache {
  const cache = new ResponseCache(options);
  caches.push(cache);
  return cache;
}
const request = (url: string, headers: Record<string, string> = {}) => ({ method: 'GET', url, headers });
const answer = (text: string, status = 200): ApiResponse =>
  new BufferedResponse(
    { status, headers: {}, url: 'http://a/', request: { method: 'GET', url: 'http://a/' } },
    Buffer.from(text),
  );
const signal = new AbortController().signal;

describe('ResponseCache', () => {
  it('asks once for those who ask the same, at the same time and later', async () => {
    const cache = cacheOf();
    let asked = 0;
    const ask = async () => {
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return answer('[1]');
    };
    const all = await Promise.all([1, 2, 3].map(() => cache.fetch(request('http://a/1'), { signal }, ask)));
    all.push(await cache.fetch(request('http://a/1'), { signal }, ask));
    expect(asked).toBe(1);
    expect(all.map((response) => response.json())).toEqual([[1], [1], [1], [1]]);
  });

  it('gives each user records of its own', async () => {
    const cache = cacheOf();
    const ask = async () => answer('{"a":1}');
    const first = (await cache.fetch(request('http://a/1'), { signal }, ask)).json() as { a: number };
    first.a = 2;
    expect((await cache.fetch(request('http://a/1'), { signal }, ask)).json()).toEqual({ a: 1 });
  });

  it('tells requests apart by URL and headers', async () => {
    const cache = cacheOf();
    const seen: string[] = [];
    const fetch = (url: string, headers: Record<string, string>) =>
      cache.fetch(request(url, headers), { signal }, async () => {
        seen.push(url + JSON.stringify(headers));
        return answer('1');
      });
    await fetch('http://a/1', { Authorization: 'a' });
    await fetch('http://a/1', { authorization: 'a', 'User-Agent': 'x' });
    await fetch('http://a/1', { Authorization: 'b' });
    await fetch('http://a/2', { Authorization: 'a' });
    expect(seen).toHaveLength(3);
  });

  it('keeps no errors, and asks again when told so', async () => {
    const cache = cacheOf();
    const answers = [answer('no', 500), answer('first'), answer('second')];
    const ask = async () => answers.shift()!;
    expect((await cache.fetch(request('http://a/1'), { signal }, ask)).status).toBe(500);
    expect((await cache.fetch(request('http://a/1'), { signal }, ask)).text()).toBe('first');
    expect((await cache.fetch(request('http://a/1'), { signal, refresh: true }, ask)).text()).toBe('second');
    expect((await cache.fetch(request('http://a/1'), { signal }, ask)).text()).toBe('second');
  });

  it('lets one go on when another who asked the same is stopped or fails', async () => {
    const cache = cacheOf();
    const failing = cache.fetch(request('http://a/1'), { signal }, () => Promise.reject(new Error('stopped')));
    const going = cache.fetch(request('http://a/1'), { signal }, async () => answer('mine'));
    await expect(failing).rejects.toThrow('stopped');
    expect((await going).text()).toBe('mine');
  });

  it('moves bodies to a file beyond its memory, and reads them back', async () => {
    const cache = cacheOf({ memoryBytesMax: 1000 });
    let asked = 0;
    const body = (index: number) => `${index}`.padStart(300, 'x');
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 50; index++) {
        const response = await cache.fetch(request(`http://a/${index}`), { signal }, async () => {
          asked++;
          return answer(body(index));
        });
        expect(response.text()).toBe(body(index));
      }
    }
    expect(asked).toBe(50);
  });

  it('keeps no more than its file may hold', async () => {
    const cache = cacheOf({ memoryBytesMax: 100, fileBytesMax: 1000 });
    let asked = 0;
    const fetch = (index: number) =>
      cache.fetch(request(`http://a/${index}`), { signal }, async () => {
        asked++;
        return answer('x'.repeat(400));
      });
    for (const index of [1, 2, 3, 1, 2, 3]) await fetch(index);
    expect(asked).toBe(4);
  });
});
