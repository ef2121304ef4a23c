import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/http/proxy.js';

const at = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env);

describe('proxyFor', () => {
  it('reads the variable of the scheme, in either case', () => {
    expect(at('http://a.com', { HTTP_PROXY: 'http://p:1' })).toBe('http://p:1');
    expect(at('http://a.com', { http_proxy: 'p:1' })).toBe('http://p:1');
    expect(at('https://a.com', { HTTP_PROXY: 'http://p:1' })).toBeUndefined();
    expect(at('https://a.com', { HTTPS_PROXY: 'http://p:2' })).toBe('http://p:2');
    expect(at('https://a.com', { all_proxy: 'http://p:3' })).toBe('http://p:3');
    expect(at('http://a.com', { HTTP_PROXY: '' })).toBeUndefined();
  });

  it.each([
    ['a.com', 'http://a.com/', true],
    ['a.com', 'http://sub.a.com/', true],
    ['.a.com', 'http://a.com/', true],
    ['a.com', 'http://xa.com/', false],
    ['b.com, a.com:8080', 'http://a.com:8080/', true],
    ['a.com:8080', 'http://a.com/', false],
    ['10.0.0.0/8', 'http://10.2.3.4/', true],
    ['10.0.0.0/8', 'http://11.2.3.4/', false],
    ['*', 'http://a.com/', true],
    ['', 'http://a.com/', false],
  ])('no_proxy %s and %s', (list, url, isExempt) => {
    for (const name of ['no_proxy', 'NO_PROXY']) {
      expect(at(url, { http_proxy: 'http://p:1', [name]: list })).toBe(isExempt ? undefined : 'http://p:1');
    }
  });
});
