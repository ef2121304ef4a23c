import { describe, expect, it } from 'vitest';
import { BufferedResponse, charsetOf, type ResponseHead } from '../../src/http/response.js';

const head = (type?: string): ResponseHead => ({
  status: 200,
  headers: type === undefined ? {} : { 'content-type': type },
  url: 'http://a/',
  request: { method: 'GET', url: 'http://a/' },
});

describe('BufferedResponse', () => {
  it('decodes by the charset of the content type, UTF-8 otherwise', () => {
    expect(new BufferedResponse(head('text/plain; charset=iso-8859-1'), Buffer.from([0xe4])).text()).toBe('ä');
    expect(new BufferedResponse(head('text/plain; charset="UTF-8"'), Buffer.from('ä')).text()).toBe('ä');
    expect(new BufferedResponse(head('text/plain; charset=klingon'), Buffer.from('ä')).text()).toBe('ä');
    expect(new BufferedResponse(head(), Buffer.from('\ufeff{"a":1}')).json()).toEqual({ a: 1 });
    expect(charsetOf('application/json;charset=UTF-16LE')).toBe('utf-16le');
  });

  it('parses once and keeps long numbers', () => {
    const response = new BufferedResponse(head(), Buffer.from('{"id": 12345678901234567890}'));
    expect(response.json()).toEqual({ id: 12345678901234567890n });
    expect(response.json()).toBe(response.json());
  });

  it('throws SyntaxError for what is not JSON', () => {
    expect(() => new BufferedResponse(head(), Buffer.from('<html>')).json()).toThrow(SyntaxError);
  });
});
