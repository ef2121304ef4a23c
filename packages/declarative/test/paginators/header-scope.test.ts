import { describe, expect, it } from 'vitest';
import { headerScope, parseLinks } from '../../src/components/paginators/header-scope.js';

describe('parseLinks', () => {
  it.each([
    ['<https://a/?p=2>; rel="next"', { next: { url: 'https://a/?p=2', rel: 'next' } }],
    [
      '<https://a/?x=1,2;3>; rel=next; title="a, b"',
      { next: { url: 'https://a/?x=1,2;3', rel: 'next', title: 'a, b' } },
    ],
    [
      '<https://a/1>; rel=\'prev\', <https://a/3>;rel="next"; results="false"; cursor="0:1"',
      {
        prev: { url: 'https://a/1', rel: 'prev' },
        next: { url: 'https://a/3', rel: 'next', results: 'false', cursor: '0:1' },
      },
    ],
    ['<https://a/1>', { 'https://a/1': { url: 'https://a/1' } }],
    ['', {}],
    ['nonsense', {}],
  ])('%s', (header, links) => {
    expect(parseLinks(header)).toEqual(links);
  });

  it('takes time in proportion to the header', () => {
    expect(parseLinks(`<a>${'; x=1'.repeat(20_000)}`)).toEqual({ a: { url: 'a', x: '1' } });
    expect(parseLinks('<a>; '.repeat(20_000))).toEqual({ a: { url: 'a' } });
  });
});

describe('headerScope', () => {
  it('gives names in lower case and as the template writes them', () => {
    const scope = headerScope(["{{ headers['X-Total'] or headers.get('Link') }}"]);
    expect(scope({ 'x-total': '3', link: '<u>; rel=next' })).toEqual({
      'x-total': '3',
      'X-Total': '3',
      Link: '<u>; rel=next',
      link: { next: { url: 'u', rel: 'next' } },
    });
    expect(scope({})).toEqual({ link: {} });
  });
});
