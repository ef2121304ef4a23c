import { stringify } from '@tidemark/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CopyLines } from '../../src/postgres/copy-lines.js';
import type { CopiedRows } from '../../src/postgres/copy-out.js';
import { lastTexts } from '../../src/postgres/copy-texts.js';
import { postgresColumn } from '../../src/postgres/types.js';

const columns = ['a', 'b'].map((name) =>
  postgresColumn(name, { base: 'text', isArray: false, shown: 'text', modifier: -1 }),
);

const ESCAPES: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** A text as the server's COPY writes it. */
function copyText(text: string | null): string {
  return text === null ? '\\N' : [...text].map((character) => ESCAPES[character] ?? character).join('');
}

/** Rows at some distance from the beginning of their memory, as a buffer of a pool would have them, and before its end. */
function copied(rows: (string | null)[][], offset = 0, room = 0): CopiedRows {
  const lines = rows.map((row) => `${row.map(copyText).join('\t')}\n`);
  const text = lines.join('');
  const length = Buffer.byteLength(text);
  const buffer = Buffer.from(new ArrayBuffer(offset + length + room), offset);
  buffer.write(text);
  const longest = Math.max(0, ...lines.map((line) => Buffer.byteLength(line)));
  return { buffer, length, rows: rows.length, longest, isCut: false, after: undefined };
}

function written(lines: CopyLines, rows: CopiedRows): string {
  // Each piece is gone when the next is asked for.
  return Array.from(lines.write(rows, '<', '>\n'), (piece) => Buffer.from(piece).toString()).join('');
}

const long = fc
  .tuple(fc.constantFrom('plain ', 'é', '𝄞', '~', 'x"', '\\', '\u0001', '\n', '\u007f'), fc.nat(300))
  .map(([piece, times]) => piece.repeat(times));
const character = fc.constantFrom(
  '"',
  '\\',
  '\t',
  '\n',
  '\v',
  '\b',
  '\u0001',
  '\u001f',
  ' ',
  '!',
  '#',
  '[',
  ']',
  'é',
  '漢',
  '𝄞',
);
const text = fc.oneof(
  fc.string(),
  fc.array(fc.oneof(long, character), { maxLength: 6 }).map((pieces) => pieces.join('')),
);
const field = fc.option(
  text.map((value) => value.replaceAll('\0', '')),
  { nil: null },
);

test('texts of any length are written as stringify writes them', () => {
  const lines = new CopyLines(columns);
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), { maxLength: 5 }), fc.nat(9), fc.nat(5), (rows, offset, room) => {
      const expected = rows.map(([a, b]) => `<${stringify({ a: a!, b: b! })}>\n`).join('');
      expect(written(lines, copied(rows, offset, room))).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('a byte that needs an escape is found at every place of a long text', () => {
  const lines = new CopyLines(columns);
  for (const special of ['"', '\\', '\u0001', '\u001f', '\n']) {
    for (let at = 0; at < 140; at++) {
      const value = `${'a'.repeat(at)}${special}${'ß'.repeat(140 - at)}`;
      expect(written(lines, copied([[value, 'end']]))).toBe(`<${stringify({ a: value, b: 'end' })}>\n`);
    }
  }
});

test('many rows are written in pieces of whole lines', () => {
  const rows = Array.from({ length: 5_000 }, (_, i) => [`"${'x'.repeat(i % 300)}`, i % 7 === 0 ? null : `row ${i}`]);
  const pieces = Array.from(new CopyLines(columns).write(copied(rows), '<', '>\n'), (piece) =>
    String(Buffer.from(piece)),
  );
  expect(pieces.length).toBeGreaterThan(3);
  for (const piece of pieces) expect([piece[0], piece.slice(-2)]).toEqual(['<', '>\n']);
  expect(pieces.join('')).toBe(rows.map(([a, b]) => `<${stringify({ a: a!, b: b! })}>\n`).join(''));
});

test('the last texts of the last row', () => {
  const rows = copied([
    ['first', 'row'],
    ['', 'tab\tand \\ more'],
  ]);
  expect(lastTexts(rows, 1)).toEqual(['tab\tand \\ more']);
  expect(lastTexts(rows, 2)).toEqual(['', 'tab\tand \\ more']);
  expect(lastTexts(copied([['', null]]), 2)).toEqual(['', null]);
  expect(lastTexts(copied([['x', '']]), 1)).toEqual(['']);
});
