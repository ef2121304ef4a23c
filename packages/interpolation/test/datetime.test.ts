import { describe, expect, it } from 'vitest';
import {
  addDuration,
  compareMoments,
  compileDatetimeFormat,
  formatDatetime,
  momentFromMicros,
  momentNow,
  parseAnyDatetime,
  parseDatetime,
  parseDuration,
  subtractDuration,
  TemplateError,
} from '../src/index.js';

const MICROS = 1_708_916_645_678_901n;

describe('formats', () => {
  it.each([
    ['%s', '1708916645', 1_708_916_645_000_000n],
    ['%ms', '1708916645678', 1_708_916_645_678_000n],
    ['%s_as_float', '1708916645.678901', MICROS],
    ['%epoch_microseconds', '1708916645678901', MICROS],
    ['%Y-%m-%dT%H:%M:%S.%fZ', '2024-02-26T03:04:05.678901Z', MICROS],
    ['%Y-%m-%dT%H:%M:%S.%f%z', '2024-02-26T03:04:05.678901+0000', MICROS],
    ['%Y-%m-%d', '2024-02-26', 1_708_905_600_000_000n],
    ['%d.%m.%Y %H', '26.02.2024 03', 1_708_916_400_000_000n],
  ])('%s reads and writes %s', (format, text, micros) => {
    const compiled = compileDatetimeFormat(format);
    expect(compiled.parse(text).utcMicros()).toBe(micros);
    expect(compiled.format(compiled.parse(text))).toBe(text);
  });

  it('keeps the offset of a text', () => {
    const moment = parseDatetime('2024-02-26T03:04:05+05:30', '%Y-%m-%dT%H:%M:%S%z');
    expect(moment.isoText('T')).toBe('2024-02-26T03:04:05+05:30');
    expect(formatDatetime(moment, '%H:%M %z %s')).toBe('03:04 +0530 1708916645');
    expect(compareMoments(moment, parseDatetime('2024-02-25T21:34:05Z', '%Y-%m-%dT%H:%M:%SZ'))).toBe(0);
  });

  it('has milliseconds within a format', () => {
    expect(formatDatetime(momentFromMicros(MICROS), '%Y-%m-%dT%H:%M:%S.%_msZ')).toBe('2024-02-26T03:04:05.678Z');
    expect(parseDatetime('2024-02-26T03:04:05.678Z', '%Y-%m-%dT%H:%M:%S.%_msZ').utcMicros()).toBe(
      1_708_916_645_678_000n,
    );
  });

  it('takes numbers', () => {
    expect(parseDatetime(1_708_916_645, '%s').isoText('T')).toBe('2024-02-26T03:04:05+00:00');
  });

  it.each([
    ['2024-02-26', '%Y/%m/%d'],
    ['2024-02-26T', '%Y-%m-%d'],
    ['2024-02-30', '%Y-%m-%d'],
    ['x', '%s'],
    ['2024', '%Q'],
    ['2024', '%'],
  ])('refuses %s by %s', (text, format) => {
    expect(() => parseDatetime(text, format)).toThrowError(TemplateError);
  });

  it('knows the present', () => {
    expect(momentNow(() => 1_708_916_645_678).isoText('T')).toBe('2024-02-26T03:04:05.678000+00:00');
  });
});

describe('durations', () => {
  const day = (text: string) => parseDatetime(text, '%Y-%m-%d');
  it.each([
    ['2024-01-31', 'P1M', '2024-02-29'],
    ['2024-02-29', 'P1Y', '2025-02-28'],
    ['2024-02-26', 'P1W', '2024-03-04'],
    ['2024-02-26', 'P1DT24H', '2024-02-28'],
    ['2023-11-30', 'P1Y3M', '2025-02-28'],
    ['2024-02-26', 'P0.5D', '2024-02-26'],
    ['2024-02-26', '-P1D', '2024-02-25'],
  ])('%s plus %s is %s', (start, duration, end) => {
    expect(formatDatetime(addDuration(day(start), parseDuration(duration)), '%Y-%m-%d')).toBe(end);
  });

  it('can be taken away', () => {
    expect(formatDatetime(subtractDuration(day('2024-03-31'), parseDuration('P1M')), '%Y-%m-%d')).toBe('2024-02-29');
    expect(subtractDuration(day('2024-01-01'), parseDuration('PT0.000001S')).isoText('T')).toBe(
      '2023-12-31T23:59:59.999999+00:00',
    );
  });

  it.each(['', 'P', '1D', 'P1H', 'PT1D', 'p1d'])('%j is none', (text) => {
    expect(() => parseDuration(text)).toThrowError(TemplateError);
  });
});

describe('datetimes of no known format', () => {
  it.each([
    ['1708916645', '2024-02-26T03:04:05+00:00'],
    ['2024-02-26', '2024-02-26T00:00:00+00:00'],
    ['2024-02-26T03:04:05.5Z', '2024-02-26T03:04:05.500000+00:00'],
    ['2024-02-26 03:04:05 +02:00', '2024-02-26T03:04:05+02:00'],
    ['2024/02/26 03:04', '2024-02-26T03:04:00+00:00'],
    ['02/26/2024 03:04 PM', '2024-02-26T15:04:00+00:00'],
  ])('%s', (text, iso) => {
    expect(parseAnyDatetime(text).isoText('T')).toBe(iso);
  });

  it.each(['', '-1', '17089166450', '2024-13-01', '03:04', 'foo', '2024-02-30T00:00:00Z'])('%j is none', (text) => {
    expect(() => parseAnyDatetime(text)).toThrowError(TemplateError);
  });
});
