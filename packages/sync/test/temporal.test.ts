import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalShape, integerOf, numberText } from '../src/destinations/sql/number.ts';
import { daysOf, parseDays, parseMoment, parseTime, writeMicros } from '../src/destinations/sql/temporal.ts';

const DAY = 86_400_000;

describe('moments', () => {
  it('are what JavaScript makes of the same text, over all days', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(-62_000_000_000_000), max: new Date(250_000_000_000_000), noInvalidDate: true }),
        (date) => {
          const moment = parseMoment(date.toISOString())!;
          expect(moment.days * DAY + moment.micros / 1_000).toBe(date.getTime());
          expect(moment.cut).toBe(false);
        },
      ),
    );
  });

  it('in the plain form are the same as with a blank around them, which is read another way', () => {
    const number = (digits: number) =>
      fc.integer({ min: 0, max: 10 ** digits - 1 }).map((n) => `${n}`.padStart(digits, '0'));
    const small = (max: number) => fc.integer({ min: 0, max }).map((n) => `${n}`.padStart(2, '0'));
    const day = fc.tuple(number(4), small(13), small(32)).map((parts) => parts.join('-'));
    const clock = fc.tuple(small(25), small(61), small(61)).map((parts) => parts.join(':'));
    const fraction = fc.oneof(
      fc.constant(''),
      fc
        .integer({ min: 1, max: 8 })
        .chain(number)
        .map((digits) => `.${digits}`),
    );
    fc.assert(
      fc.property(day, clock, fraction, fc.constantFrom('', 'Z', 'x', '+'), (date, time, part, zone) => {
        const text = `${date}T${time}${part}${zone}`;
        expect(parseMoment(text)).toEqual(parseMoment(` ${text}`));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01T00:00:00.000+0000', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01T02:00:00+02', '2024-01-01T00:00:00.000Z'],
    ['2023-12-31T19:00:00-05:00', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01 00:00:00 UTC', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01 00:00', '2024-01-01T00:00:00.000Z'],
    ['2024-1-1', '2024-01-01T00:00:00.000Z'],
    ['2023-12-31T24:00:00Z', '2024-01-01T00:00:00.000Z'],
    ['0044-03-15T12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
    ['0044-03-15T13:30:00+01:30 BC', '-000043-03-15T12:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ])('%s', (text, same) => {
    const moment = parseMoment(text)!;
    expect(new Date(moment.days * DAY + moment.micros / 1_000).toISOString()).toBe(same);
  });

  it.each([
    '',
    'now',
    '2024',
    '2024-13-01',
    '2024-02-30T00:00:00Z',
    '2024-01-01T25:00:00Z',
    '2024-01-01T00:61:00Z',
    '01/02/2024',
    '1700000000',
  ])('refuses %j', (text) => {
    expect(parseMoment(text)).toBeUndefined();
  });

  it('are written as 64-bit counts, however far', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000_000, max: 100_000_000 }),
        fc.integer({ min: 0, max: DAY * 1_000 - 1 }),
        (days, micros) => {
          const words = new Uint32Array(2);
          writeMicros(words, 0, days, micros);
          expect(new BigInt64Array(words.buffer)[0]).toBe(BigInt(days) * 86_400_000_000n + BigInt(micros));
        },
      ),
    );
  });
});

it('dates and times keep to what is written', () => {
  expect(parseDays('1970-01-02')).toEqual({ days: 1, cut: false });
  expect(parseDays('1970-01-02T00:00:00+09:00')).toEqual({ days: 1, cut: false });
  expect(parseDays('1970-01-02T00:00:01Z')).toEqual({ days: 1, cut: true });
  expect(parseDays('2023-02-29')).toBeUndefined();
  expect(parseDays('0001-12-31 BC')).toEqual({ days: daysOf(0, 12, 31), cut: false });
  expect(parseDays('0000-01-01 BC')).toBeUndefined();
  expect(parseDays('5874897-12-31')).toEqual({ days: 2_145_042_905, cut: false });
  expect(daysOf(2000, 2, 29)).toBe(11_016);
  expect(parseTime('23:59:59.1234567')).toEqual({ micros: 86_399_123_456, cut: true });
  expect(parseTime('24:00')).toEqual({ micros: 86_400_000_000, cut: false });
  expect(parseTime('9am')).toBeUndefined();
});

describe('numbers', () => {
  it('have one text for one value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(numberText(value))).toBe(value === 0 ? 0 : value);
        expect(numberText(value.toExponential())).toBe(numberText(value));
      }),
    );
    expect(['1.0', '1e0', '01', '+1', '100e-2'].map(numberText)).toEqual(Array(5).fill('1'));
    expect(['', 'abc', '1.2.3', '0x10', null, {}, true].map(numberText)).toEqual(Array(7).fill(undefined));
  });

  it('are integers when nothing is behind the point', () => {
    expect(integerOf('12345678901234567890')).toBe(12345678901234567890n);
    expect(integerOf(1e21)).toBe(10n ** 21n);
    expect(integerOf('5.0')).toBe(5n);
    expect(integerOf(5.5)).toBeUndefined();
    expect(decimalShape('-0.00123')).toEqual({ whole: 0, scale: 5 });
    expect(decimalShape('120')).toEqual({ whole: 3, scale: 0 });
  });
});
