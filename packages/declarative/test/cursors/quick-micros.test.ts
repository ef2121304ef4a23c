import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MomentFormat } from '../../src/components/cursors/moment-format.js';

const FORMATS = [
  '%Y-%m-%dT%H:%M:%SZ',
  '%Y-%m-%dT%H:%M:%S.%fZ',
  '%Y-%m-%dT%H:%M:%S.%_msZ',
  '%Y-%m-%dT%H:%M:%S%z',
  '%Y-%m-%dT%H:%M:%S.%f%z',
  '%Y-%m-%dT%H:%M:%S.%f0',
  '%Y-%m-%d %H:%M:%S',
  '%d/%m/%Y %H:%M',
  '%Y%m%d%H%M%S%f',
  '%Y-%m',
  '%m/%d/%y',
  '%s',
  '%ms',
  '%epoch_microseconds',
  '%s_as_float',
];

/** Texts around what the formats write: full moments, and moments with a few characters changed. */
const texts = fc
  .tuple(
    fc.constantFrom(...FORMATS),
    fc.date({ min: new Date('1800-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
    fc.array(fc.tuple(fc.nat(30), fc.constantFrom('', '0', '9', '3', ' ', '-', 'Z', '+', '.', '+0130', '-05:00')), {
      maxLength: 2,
    }),
  )
  .map(([format, date, changes]) => {
    const written = new MomentFormat(format).write(new MomentFormat('%ms').parse(String(date.getTime())));
    return changes.reduce((text, [at, put]) => text.slice(0, at) + put + text.slice(at + 1), written);
  });
const values = fc.oneof(
  texts,
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 5 }),
  fc.constantFrom(null, true, [], {}),
);

describe('the fast reader', () => {
  it('gives what the format itself reads, or leaves it to that', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMATS), values, (source, value) => {
        const format = new MomentFormat(source);
        const micros = format.micros(value);
        if (!Number.isNaN(micros)) expect(micros).toBe(Number(format.parse(value).utcMicros()));
      }),
      { numRuns: 5_000 },
    );
  });

  it('knows the values that most records have', () => {
    const known: [string, unknown, number][] = [
      ['%Y-%m-%dT%H:%M:%SZ', '2024-02-29T23:59:59Z', Date.UTC(2024, 1, 29, 23, 59, 59) * 1000],
      ['%Y-%m-%dT%H:%M:%S.%fZ', '2024-02-29T23:59:59.1234Z', Date.UTC(2024, 1, 29, 23, 59, 59) * 1000 + 123_400],
      ['%Y-%m-%dT%H:%M:%S%z', '2024-02-29T23:59:59+01:30', Date.UTC(2024, 1, 29, 22, 29, 59) * 1000],
      ['%Y-%m-%d', '1969-12-31', -86_400_000_000],
      ['%d/%m/%Y %H:%M', '01/03/1970 00:01', 59 * 86_400_000_000 + 60_000_000],
      ['%s', 1_700_000_000, 1_700_000_000_000_000],
      ['%ms', '1700000000123', 1_700_000_000_123_000],
    ];
    for (const [source, value, micros] of known) expect(new MomentFormat(source).micros(value)).toBe(micros);
  });
});
