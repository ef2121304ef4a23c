import { Decimal } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { add, compareTallies, count, DroppedRecords, emptyTally, hashesOf, subtract, tallyOf } from '../src/tally.ts';

const hash = (record: RecordData) => hashesOf([record])[0];
const long = 'x'.repeat(5_000_000);

describe('the hash of a record', () => {
  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: '1' }],
    [{ a: 0.1 }, { a: 0.2 }],
    [{ a: 2 ** 40 }, { a: 2 ** 41 }],
    [{ a: true }, { a: false }],
    [{ a: null }, {}],
    [{ a: null }, { a: false }],
    [{ a: '' }, { a: null }],
    [{ a: 'ab' }, { a: 'ba' }],
    [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [{ a: { b: 1 } }, { a: { c: 1 } }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: [] }, { a: [null] }],
    [{ a: 9007199254740993n }, { a: 9007199254740992n }],
    [{ a: new Decimal('1.10') }, { a: new Decimal('1.20') }],
    [{ a: `${'x'.repeat(60)}a${'x'.repeat(60)}` }, { a: `${'x'.repeat(60)}b${'x'.repeat(60)}` }],
    [{ a: `${long}a${long}` }, { a: `${long}b${long}` }],
  ] as [RecordData, RecordData][])('differs where a field does: case %#', (one, other) => {
    expect(hash(one)).not.toBe(hash(other));
  });

  it('goes by fields, not by their order, and not by what came before', () => {
    expect(hash({ a: 1, b: 'x', c: undefined })).toBe(hash({ b: 'x', a: 1 }));
    const alone = hash({ a: 1, b: 2 });
    expect(
      [...hashesOf([{ z: 1 }, { a: 1, b: 2 }, { b: 2 }, { a: 1, b: 2 }])].filter((each) => each === alone),
    ).toHaveLength(2);
  });

  it('spreads: a hundred thousand rows that differ in little have about as many hashes', () => {
    const records = Array.from({ length: 100_000 }, (_, id) => ({
      id,
      at: '2024-05-01',
      name: `n${id % 7}`,
      on: id % 2 === 0,
    }));
    expect(new Set(hashesOf(records)).size).toBeGreaterThan(99_900);
  });
});

describe('a tally', () => {
  it('is the same for the same rows in any order, and can be added and taken away', () => {
    const hashes = Uint32Array.from({ length: 1_000 }, (_, index) => Math.imul(index, 0x9e3779b9));
    const one = tallyOf(hashes);
    expect(tallyOf(hashes.slice().reverse())).toEqual(one);
    const other = emptyTally();
    for (const each of hashes) count(other, each);
    expect(other).toEqual(one);
    add(other, one);
    subtract(other, one);
    expect(other).toEqual(one);
    const wraps = { rows: 1, hash: 2 ** 52 - 1 };
    add(wraps, { rows: 1, hash: 5 });
    expect(wraps).toEqual({ rows: 2, hash: 4 });
    subtract(wraps, { rows: 1, hash: 5 });
    expect(wraps).toEqual({ rows: 1, hash: 2 ** 52 - 1 });
  });

  it('shows rows that are missing, and others in their place', () => {
    const all = tallyOf(hashesOf([{ a: 1 }, { a: 2 }]));
    expect(() => compareTallies('s', all, { ...all }, { ...all })).not.toThrow();
    expect(() => compareTallies('s', all, all, tallyOf(hashesOf([{ a: 1 }])))).toThrow(/took 1\. None/);
    const swapped = tallyOf(hashesOf([{ a: 1 }, { a: 3 }]));
    expect(() => compareTallies('s', all, all, swapped)).toThrow(DroppedRecords);
  });
});
