import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decode } from './decode.js';

const rows = readFileSync(new URL('xml-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as { xml: string; out: unknown });
const raw = { type: 'XmlDecoder' };

describe('XmlDecoder', () => {
  it('gives the shapes of the reference', async () => {
    for (const row of rows) expect(await decode(raw, row.xml), row.xml).toEqual([row.out]);
  });

  it('reads the encoding that the document names', async () => {
    const body = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>Grüße</a>', 'latin1');
    expect(await decode(raw, body)).toEqual([{ a: 'Grüße' }]);
  });

  it('makes a field of an element that is named like what objects inherit', async () => {
    const [body] = (await decode(raw, '<a><constructor>1</constructor><__proto__>2</__proto__></a>')) as [
      { a: object },
    ];
    expect(Object.entries(body.a)).toEqual([
      ['constructor', '1'],
      ['__proto__', '2'],
    ]);
  });

  it.each([
    ['what is not XML', '{"a":1}'],
    ['a document that was cut short', '<a><b>1</b>'],
    ['entities of its own', '<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>'],
    ['entities from outside', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['elements without end', '<a>'.repeat(5000)],
  ])('refuses %s', async (_, body) => {
    await expect(decode(raw, body)).rejects.toThrow('is not XML');
  });
});
