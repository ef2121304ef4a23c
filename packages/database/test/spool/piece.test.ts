import { expect, it } from 'vitest';
import { packedTexts, packedValues, RowPacker } from '../../src/spool/piece.js';

it('what is packed comes out byte for byte: nulls, empty values, any bytes, halves of characters', () => {
  const packer = new RowPacker(1_000, 1_000_000);
  const half = 'a\ud83d';
  const rows = [
    [Buffer.from('ä🙂'), null, Buffer.from([0, 255, 128])],
    [Buffer.alloc(0), Buffer.from(half, 'utf16le'), null],
    [Buffer.from('x'.repeat(70_000)), null, Buffer.alloc(0)],
  ];
  for (const row of rows) packer.add(row);
  const piece = packer.take(true);
  expect(piece).toMatchObject({ rows: 3, isLast: true });
  expect(piece.longest).toBe(70_000 + 12);
  expect([...packedTexts(piece, ['utf8', 'utf16le', 'base64'])].length).toBe(3);
  const texts: unknown[] = [];
  for (const row of packedTexts(piece, ['utf8', 'utf16le', 'base64'])) texts.push([...row]);
  expect(texts).toEqual([
    ['ä🙂', null, 'AP+A'],
    ['', half, null],
    ['x'.repeat(70_000), null, ''],
  ]);
});

it('a piece is full at its rows or its bytes, buffers are filled again, and values beyond the width are left', () => {
  const spares = [Buffer.alloc(1 << 17)];
  const packer = new RowPacker(3, 100, () => spares.pop());
  const add = (text: string) => packer.add([Buffer.from(text), Buffer.from('not this')], 1);
  expect([add('a'), add('b'), add('c')]).toEqual([false, false, true]);
  const first = packer.take(false);
  expect(first.buffer.length).toBe(1 << 17);
  expect(add('y'.repeat(96))).toBe(true);
  const second = packer.take(true);
  expect([...packedValues(first)].map(String)).toEqual(['a', 'b', 'c']);
  expect([...packedValues(second)].map(String)).toEqual(['y'.repeat(96)]);
  expect(packer.take(true)).toMatchObject({ rows: 0, length: 0, longest: 0 });
});

it('rows without columns are counted', () => {
  const packer = new RowPacker(10, 100);
  for (let i = 0; i < 3; i++) packer.add([Buffer.from('1')], 0);
  expect([...packedTexts(packer.take(true), [])]).toHaveLength(3);
});
