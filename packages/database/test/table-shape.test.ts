import { parseJson, stringify } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type ColumnShape, storedShape, type TableShape, whyOutdated } from '../src/log/table-shape.js';

const column = (name: string, more: Partial<ColumnShape> = {}): ColumnShape => ({
  name,
  type: '23',
  id: name === 'id' ? '1' : name,
  version: '700',
  isFilled: false,
  ...more,
});
const shape = (more: Partial<TableShape> = {}): TableShape => ({
  incarnation: '16384',
  files: new Map([
    ['16384', '16384'],
    ['16390', '16390'],
  ]),
  columns: [column('id'), column('a')],
  ...more,
});
const all = () => true;
const stored = (isUnproven = false) => parseJson(stringify(storedShape(shape(), all, isUnproven)));
const rewritten = new Map([
  ['16384', '16384'],
  ['16390', '17000'],
]);

describe('a table that is compared with what is stored of it', () => {
  it('is stored small', () => {
    expect(storedShape(shape(), (name) => name === 'a', false)).toEqual({
      incarnation: '16384',
      file: ['16390', '16390'],
      columns: { a: ['23', 'a', '700'] },
    });
  });

  it('is not outdated by what changes no values', () => {
    for (const now of [
      shape(),
      shape({ columns: [column('id'), column('a', { version: '800' })] }),
      shape({ files: rewritten }),
      shape({ files: rewritten, columns: [column('id')] }),
      shape({ columns: [column('id'), column('a'), column('c')] }),
      shape({ columns: [column('id', { isFilled: true }), column('a', { isFilled: true })] }),
    ])
      expect(whyOutdated(stored(), now, all)).toBeUndefined();
  });

  it.each([
    ['dropped and made again', shape({ incarnation: '17000' })],
    ["'a' is of another type", shape({ columns: [column('id'), column('a', { type: '20' })] })],
    ["those of its column 'a'", shape({ files: rewritten, columns: [column('id'), column('a', { version: '800' })] })],
    ["those of its column 'a'", shape({ files: new Map(), columns: [column('id'), column('a', { version: '800' })] })],
    ["'a' is 'c' now", shape({ columns: [column('id'), column('c', { id: 'a' })] })],
    ["'a' was dropped and added again", shape({ columns: [column('id'), column('a', { id: 'other' })] })],
    ["new column 'c', with values", shape({ columns: [column('id'), column('a'), column('c', { isFilled: true })] })],
    ["new column 'c', with values", shape({ files: rewritten, columns: [column('id'), column('a'), column('c')] })],
  ])('is outdated: %s', (why, now) => expect(whyOutdated(stored(), now, all)).toContain(why));

  it('is outdated by any new column where rows were read that may be of a time after it', () => {
    const now = shape({ columns: [column('id'), column('a'), column('c')] });
    expect(whyOutdated(stored(true), now, all)).toContain("new column 'c'");
    expect(whyOutdated(stored(true), now, (name) => name !== 'c')).toBeUndefined();
  });

  it('is compared as far as states of older versions go', () => {
    const now = shape({ columns: [column('c', { isFilled: true })] });
    for (const before of ['16384', null, undefined, {}, { columns: 7, file: 'x' }])
      expect(whyOutdated(before, now, all)).toBeUndefined();
    expect(whyOutdated('16000', now, all)).toBe('was dropped and made again');
  });

  it('takes a new name for another column where the server has no numbers for them', () => {
    const before = storedShape({ columns: [{ name: 'a', type: 'int', isFilled: false }] }, all, false);
    const now = (name: string): TableShape => ({ columns: [{ name, type: 'int', isFilled: false }] });
    expect(whyOutdated(before, now('a'), all)).toBeUndefined();
    expect(whyOutdated(before, now('c'), all)).toContain("'c' is new and 'a' is gone");
  });
});
