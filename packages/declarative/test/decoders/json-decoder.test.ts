import { stringify } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { decode } from './decode.js';

const raw = { type: 'JsonDecoder' };

describe('JsonDecoder', () => {
  it.each([
    ['an object', '{"a":1}', [{ a: 1 }]],
    ['a list, item by item', '[{"a":1},{}]', [{ a: 1 }, {}]],
    ['no body', '', []],
    ['white space', ' \n', []],
    ['null', 'null', []],
    ['an empty object', '{}', []],
    ['an empty list', '[]', []],
    ['a byte order mark', '\uFEFF{"a":1}', [{ a: 1 }]],
  ])('decodes %s', async (_, body, expected) => {
    expect(await decode(raw, body)).toEqual(expected);
  });

  it('keeps numbers digit for digit', async () => {
    expect(stringify(await decode(raw, '{"id":12345678901234567890,"x":0.1234567890123456789}'))).toBe(
      '[{"id":12345678901234567890,"x":0.1234567890123456789}]',
    );
  });

  it('reads UTF-8 where the content type names another charset, and that charset where it is not UTF-8', async () => {
    const contentType = 'application/json; charset=ISO-8859-1';
    expect(await decode(raw, Buffer.from('{"a":"Grüße"}'), { contentType })).toEqual([{ a: 'Grüße' }]);
    expect(await decode(raw, Buffer.from('{"a":"Grüße"}', 'latin1'), { contentType })).toEqual([{ a: 'Grüße' }]);
  });

  it('takes NaN and Infinity for null', async () => {
    expect(await decode(raw, '{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN"}')).toEqual([
      { a: null, b: [null, null], c: 'NaN' },
    ]);
    await expect(decode(raw, '{"a":NaNa}')).rejects.toThrow('is not JSON');
  });

  it('says what came where JSON was due, without secrets', async () => {
    const page = '<!DOCTYPE html>\n<html>s3cret<body>Maintenance</body></html>';
    await expect(decode(raw, page, { contentType: 'text/html' })).rejects.toMatchObject({
      message:
        "The API's answer (status 200, text/html) is not JSON: it begins with '<!DOCTYPE html> <html>***<body>Maintenance</body></html>'.",
      detail: expect.stringContaining('http://localhost/x ('),
    });
  });

  it('refuses a body that was cut short', async () => {
    await expect(decode(raw, '{"a":[1,2')).rejects.toThrow('is not JSON: it begins with \'{"a":[1,2\'');
  });
});
