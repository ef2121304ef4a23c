import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode } from './decode.js';
import { zip } from './zip.js';

describe('GzipDecoder', () => {
  const raw = { type: 'GzipDecoder', decoder: { type: 'JsonlDecoder' } };
  it('decompresses what another decoder reads', async () => {
    for (const pieceSize of [1, 1000]) {
      expect(await decode(raw, gzipSync('{"a":1}\n{"a":2}\n'), { pieceSize })).toEqual([{ a: 1 }, { a: 2 }]);
    }
  });
  it('reads several members, and gzip within gzip', async () => {
    expect(await decode(raw, Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]))).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
    expect(await decode({ type: 'GzipDecoder', decoder: raw }, gzipSync(gzipSync('{"a":1}')))).toEqual([{ a: 1 }]);
  });
  it('reads what is not compressed as it is', async () => {
    expect(await decode(raw, '{"a":1}\n')).toEqual([{ a: 1 }]);
    expect(await decode(raw, '')).toEqual([]);
  });
  it('holds a JSON document to the bound of memory', async () => {
    const bomb = { type: 'GzipDecoder', decoder: { type: 'JsonDecoder' } };
    await expect(decode(bomb, gzipSync(`"${' '.repeat(5_000_000)}"`), { pieceSize: 10_000 })).rejects.toThrow(
      'larger than 1000000 bytes',
    );
  });
  it('refuses little that becomes far too much', async () => {
    const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024, `"${'x'.repeat(10_000)}"\n`), { level: 9 });
    await expect(decode(raw, bomb, { pieceSize: 1_000 })).rejects.toThrow('expands to more than 500 times');
  });
  it('refuses what was cut short', async () => {
    const whole = gzipSync('{"a":1}\n'.repeat(100));
    await expect(decode(raw, whole.subarray(0, whole.length - 12))).rejects.toThrow('was cut short');
  });
});

describe('ZipfileDecoder', () => {
  const raw = { type: 'ZipfileDecoder', decoder: { type: 'CsvDecoder' } };
  it('reads every file, one after the other', async () => {
    const archive = zip({ 'dir/': '', 'dir/a.csv': 'id\n1\n2\n', '../b.csv': 'id\n3\n' });
    expect(await decode(raw, archive)).toEqual([{ id: '1' }, { id: '2' }, { id: '3' }]);
  });
  it.each([
    ['what is no ZIP file', Buffer.from('not a zip'), 'not a ZIP file'],
    ['one that was cut short', zip({ 'a.csv': 'id\n1\n' }).subarray(0, 40), 'not a ZIP file'],
    [
      'a file that expands to more than it says',
      zip({ 'a.csv': 'id\n'.repeat(2_000) }, { size: 10 }),
      'not a ZIP file',
    ],
  ])('refuses %s', async (_, body, message) => {
    await expect(decode(raw, body)).rejects.toThrow(message);
  });
  it('refuses little that becomes far too much', async () => {
    const data = Buffer.alloc(70 * 1024 * 1024, `${'x'.repeat(10_000)}\n`);
    const archive = zip({ 'a.csv': data }, { deflated: deflateRawSync(data, { level: 9 }) });
    await expect(decode(raw, archive, { pieceSize: 100_000 })).rejects.toThrow('expands to more than 500 times');
  });
});
