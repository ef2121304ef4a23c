import { stringify } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { decode } from './decode.js';

describe('JsonlDecoder', () => {
  const raw = { type: 'JsonlDecoder' };
  it('decodes a document a line, whatever the pieces it arrives in', async () => {
    const body = '{"a":"ü日"}\r\n\n{"a":12345678901234567890}\n[{"b":1}]';
    for (const pieceSize of [1, 3, 1000]) {
      const bodies = await decode(raw, body, { pieceSize });
      expect(stringify(bodies)).toBe('[{"a":"ü日"},{"a":12345678901234567890},[{"b":1}]]');
    }
  });
  it('refuses a line that is not JSON, rather than leaving it out', async () => {
    await expect(decode(raw, '{"a":1}\n{"a":')).rejects.toThrow('is not lines of JSON: it begins with \'{"a":\'');
  });
  it('refuses a line longer than what memory may hold', async () => {
    await expect(decode(raw, `"${'x'.repeat(3000)}"`, { setup: { responseBytesMax: 1000 } })).rejects.toThrow(
      'larger than 1000 bytes',
    );
  });
});

describe('IterableDecoder', () => {
  it('makes a record of each line', async () => {
    const body = 'one\ntwo\r\n\nthree\rfour\n';
    for (const pieceSize of [1, 4, 1000]) {
      expect(await decode({ type: 'IterableDecoder' }, body, { pieceSize })).toEqual(
        ['one', 'two', '', 'three', 'four'].map((record) => ({ record })),
      );
    }
  });
});

describe('JsonItemsDecoder', () => {
  const raw = { type: 'JsonItemsDecoder', items_path: 'data.users' };
  it('gives the items of a list inside a document', async () => {
    const body =
      '{"total":2,"data":{"other":[9],"users":[{"id":1,"tags":["a",{"b":null}]},{"id":12345678901234567890,"x":1.10}]},"z":[1]}';
    for (const pieceSize of [1, 5, 1000]) {
      expect(stringify(await decode(raw, body, { pieceSize }))).toBe(
        '[{"id":1,"tags":["a",{"b":null}]},{"id":12345678901234567890,"x":1.1}]',
      );
    }
  });
  it.each([
    ['a path that is not there', '{"data":{}}', []],
    ['an object in place of the list', '{"data":{"users":{"a":1}}}', []],
    ['no body', '', []],
  ])('gives nothing for %s', async (_, body, expected) => {
    expect(await decode(raw, body)).toEqual(expected);
  });
  it('goes through lists on the way', async () => {
    expect(
      await decode({ type: 'JsonItemsDecoder', items_path: 'item.rows' }, '[{"rows":[1,2]},{"rows":[3]}]'),
    ).toEqual([1, 2, 3]);
  });
  it('reads other encodings', async () => {
    const body = Buffer.from('{"data":{"users":[{"n":"Grüße"}]}}', 'latin1');
    expect(await decode({ ...raw, encoding: 'iso-8859-1' }, body)).toEqual([{ n: 'Grüße' }]);
  });
  it.each([
    ['a page', '<html></html>', 'is not JSON: it begins with'],
    ['a document that was cut short', '{"data":{"users":[{"id":1},{"id"', 'it was cut short'],
  ])('refuses %s', async (_, body, message) => {
    await expect(decode(raw, body)).rejects.toThrow(message);
  });
});
