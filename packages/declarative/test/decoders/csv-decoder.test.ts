import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { decode } from './decode.js';

const rows = readFileSync(new URL('csv-rows.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as { csv: string; fields: JsonObject; out: unknown[] });

describe('CsvDecoder', () => {
  it('reads rows as the reference does', async () => {
    for (const row of rows) {
      for (const pieceSize of [1, 1000]) {
        expect(
          await decode({ type: 'CsvDecoder', ...row.fields }, row.csv, { pieceSize }),
          JSON.stringify(row),
        ).toEqual(row.out);
      }
    }
  });

  it('leaves out a byte order mark', async () => {
    expect(await decode({ type: 'CsvDecoder' }, '\uFEFFid\n1\n')).toEqual([{ id: '1' }]);
  });

  it.each([
    ['latin-1', Buffer.from('n\nGrüße\n', 'latin1'), undefined],
    ['cp1252', Buffer.from([0x6e, 0x0a, 0x80, 0x0a]), undefined],
    ['utf-16', Buffer.from('\uFEFFn\nGrüße\n', 'utf16le'), undefined],
    [undefined, Buffer.from('n\nGrüße\n', 'latin1'), 'text/csv; charset=ISO-8859-1'],
  ])('reads %s', async (encoding, body, contentType) => {
    const [row] = (await decode({ type: 'CsvDecoder', ...(encoding ? { encoding } : {}) }, body, { contentType })) as [
      { n: string },
    ];
    expect(['Grüße', '€']).toContain(row.n);
  });

  it.each([
    ['an unknown encoding', { encoding: 'klingon' }, 'a\n1\n', "The encoding 'klingon'"],
    ['bytes that are not UTF-8', {}, Buffer.from([0x61, 0x0a, 0xff, 0x0a]), "not in the encoding 'utf-8'"],
    ['a web page', {}, '<html><body>,</body></html>', 'is not CSV'],
    ['a quote that never ends', {}, 'a,b\n"x,1\n', 'is not CSV'],
  ])('refuses %s', async (_, fields, body, message) => {
    await expect(decode({ type: 'CsvDecoder', ...fields }, body, { pieceSize: 100 })).rejects.toThrow(message);
  });

  it('hands rows on while the response still comes', async () => {
    const { buildDecoder } = await import('./decode.js');
    let given = 0;
    async function* endless() {
      yield Buffer.from('id\n');
      for (;;) {
        given += 1;
        yield Buffer.from('1\n'.repeat(500));
      }
    }
    for await (const batch of buildDecoder({ type: 'CsvDecoder' }).decodeBytes(endless(), { url: 'x' })) {
      expect(batch.length).toBe(1000);
      break;
    }
    expect(given).toBeLessThan(200);
  });
});
