import { describe, expect, it } from 'vitest';
import { BYTES, ESCAPED_BYTES, texts } from '../../src/cutting/digit-spaces.js';
import type { KeySpace } from '../../src/cutting/key-space.js';
import { NUMBERS } from '../../src/cutting/number-space.js';
import { MOMENTS, TIMES } from '../../src/cutting/time-space.js';
import { MARIADB_UUIDS, UNIQUEIDENTIFIERS, UUIDS } from '../../src/cutting/uuid-space.js';

const BINARY = texts({ isBinary: true, isUnicode: true });
const PEOPLE = texts({ isBinary: false, isUnicode: true });
const ZERO = '00000000-0000-0000-0000-000000000000';

const MIDDLES: [what: string, space: KeySpace, lo: string, hi: string, middle: string | undefined][] = [
  ['whole numbers', NUMBERS, '-10', '20', '5'],
  ['numbers beyond doubles', NUMBERS, '0', '18446744073709551615', '9223372036854775807'],
  ['neighbours', NUMBERS, '5', '6', undefined],
  ['decimals of different scales', NUMBERS, '-1.5', '2.25', '0.37'],
  ['less than one', NUMBERS, '-0.20', '0.10', '-0.05'],
  ['what is no number', NUMBERS, 'NaN', '3', undefined],
  ['days over a leap day', MOMENTS, '2024-02-27', '2024-03-02', '2024-02-29'],
  ['days one after the other', MOMENTS, '2024-02-28', '2024-02-29', undefined],
  [
    'moments to the microsecond',
    MOMENTS,
    '2024-01-01 00:00:00',
    '2024-01-01 00:00:00.000003',
    '2024-01-01 00:00:00.000001',
  ],
  ['moments as SQL Server writes them', MOMENTS, '2024-01-01T00:00:00', '2024-01-01T00:00:04', '2024-01-01T00:00:02'],
  ['moments with a zone', MOMENTS, '2024-01-01 00:00:00+00', '2024-01-03 00:00:00+00', '2024-01-02 00:00:00+00'],
  ['what is before everything', MOMENTS, '-infinity', '0001-01-03', '0001-01-02'],
  ['a day that is none', MOMENTS, '0000-00-00', '0000-01-05', '0000-01-03'],
  ['moments before 1970', MOMENTS, '1969-12-31 23:59:58.5', '1969-12-31 23:59:59.5', '1969-12-31 23:59:59.0'],
  ['years of five figures', MOMENTS, '10000-01-01', '10000-01-03', '10000-01-02'],
  ['times with a sign', TIMES, '-838:59:59', '00:00:01', '-419:29:59'],
  ['times of day', TIMES, '00:00:00', '24:00:00', '12:00:00'],
  ['UUIDs', UUIDS, ZERO, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '7fffffff-ffff-ffff-ffff-ffffffffffff'],
  [
    'UUIDs from their last six bytes',
    UNIQUEIDENTIFIERS,
    ZERO,
    '00000000-0000-0000-0000-020000000000',
    '00000000-0000-0000-0000-010000000000',
  ],
  [
    'UUIDs by bytes of the third group from its end',
    UNIQUEIDENTIFIERS,
    ZERO,
    '00000000-0000-0400-0000-000000000000',
    '00000000-0000-0200-0000-000000000000',
  ],
  [
    'UUIDs by their first byte last of all',
    UNIQUEIDENTIFIERS,
    ZERO,
    '02000000-0000-0000-0000-000000000000',
    '01000000-0000-0000-0000-000000000000',
  ],
  [
    'UUIDs of version 4 by their groups',
    MARIADB_UUIDS,
    'ffffffff-0000-4000-8000-000000000000',
    '00000000-0000-4000-8000-020000000000',
    '7fffffff-0000-4000-8000-010000000000',
  ],
  [
    'UUIDs of version 7 by their digits',
    MARIADB_UUIDS,
    '01000000-0000-7000-8000-00ff00000000',
    '03000000-0000-7000-8000-000000000000',
    '02000000-0000-7000-8000-007f80000000',
  ],
  ['what is no UUID', UUIDS, '1', '2', undefined],
  ['bytes', BYTES, '0000', '0200', '01'],
  ['bytes as PostgreSQL writes them', ESCAPED_BYTES, '\\xff00', '\\xff0200', '\\xff01'],
  ['no bytes at all', BYTES, '', '', undefined],
];

describe('where a value may lie between two others', () => {
  it.each(MIDDLES)('of %s', (_, space, lo, hi, middle) => {
    expect(space.at(lo, hi, 0.5)?.slice(0, middle?.length)).toEqual(middle);
  });

  it.each([
    ['figures behind a common beginning', BINARY, 'user-100', 'user-300', /^user-2/],
    ['hexadecimal figures', BINARY, '00ab', 'ffcd', /^[78][0-9a-f]*$/],
    ['capitals apart from small letters', BINARY, 'Aa', 'zz', /^[G-Z]|^[a-i]/],
    ['texts of any case', PEOPLE, 'Alpha', 'ZULU', /^[klmn]/],
    ['letters with accents', PEOPLE, 'äpfel', 'Übung', /^[i-m]/],
    ['another script', PEOPLE, 'абв', 'эюя', /^[к-р]/],
    ['a text and one that begins with it', BINARY, 'ab', 'abz', /^ab[ -z]/],
  ])('of %s', (_, space, lo, hi, wanted) => {
    expect(space.at(lo, hi, 0.5)).toMatch(wanted);
  });

  it('knows no characters that a column cannot have', () => {
    const latin = texts({ isBinary: false, isUnicode: false });
    for (const share of [0.1, 0.5, 0.9]) expect(latin.at('äb', 'öz', share)).toMatch(/^[a-z0-9]+$/);
  });

  it('in equal steps, where their order is known', () => {
    expect(NUMBERS.steps!('0', '10', 4)).toEqual(['2', '5', '7']);
    expect(NUMBERS.steps!('5', '6', 4)).toEqual([]);
    expect(NUMBERS.steps!('0', '1.0', 2)).toEqual(['0.5']);
  });
});
