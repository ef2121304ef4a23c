import type { JsonObject } from '@tidemark/protocol';
import { OWN_KEY } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { buildCursor } from './build-cursor.js';

const OPTIONS = { fingerprint: 'f', warn: () => {} };
const DAYS = { cursor_field: 'at', datetime_format: '%Y-%m-%d', start_datetime: '2024-02-26' };

const slicesOf = (raw: JsonObject, state?: JsonObject, lookbackSeconds?: number): JsonObject[] =>
  [
    ...buildCursor(raw)
      .cursor(state, { ...OPTIONS, lookbackSeconds })
      .slices(),
  ].map(({ slice }) => slice);

describe('DatetimeBasedCursor', () => {
  it('cuts from the start to now', () => {
    expect(slicesOf(DAYS)).toEqual([{ start_time: '2024-02-26', end_time: '2024-03-02' }]);
    expect(slicesOf({ ...DAYS, step: 'P2D', cursor_granularity: 'P1D' })).toEqual([
      { start_time: '2024-02-26', end_time: '2024-02-27' },
      { start_time: '2024-02-28', end_time: '2024-02-29' },
      { start_time: '2024-03-01', end_time: '2024-03-02' },
    ]);
  });

  it('names the bounds as it is told, and puts them into requests', () => {
    const sync = buildCursor({
      ...DAYS,
      partition_field_start: 'since',
      partition_field_end: 'until',
      start_time_option: { inject_into: 'request_parameter', field_name: 'from' },
      end_time_option: { inject_into: 'body_json', field_path: ['range', 'to'] },
    });
    const [planned] = sync.cursor(undefined, OPTIONS).slices();
    expect(planned?.slice).toEqual({ since: '2024-02-26', until: '2024-03-02' });
    expect(sync.parts(planned!.slice)).toEqual({
      params: { from: '2024-02-26' },
      bodyJson: { range: { to: '2024-03-02' } },
    });
  });

  it("moves back by the partition layer's look-back, but not inside an unfinished plan", () => {
    expect(slicesOf(DAYS, { at: '2024-03-01' }, 2 * 86_400)).toEqual([
      { start_time: '2024-02-28', end_time: '2024-03-02' },
    ]);
    const cursor = buildCursor(DAYS).cursor({ at: '2024-03-01' }, OPTIONS);
    const [planned] = cursor.slices();
    cursor.page(planned!.slice, 'token');
    expect([
      ...buildCursor(DAYS)
        .cursor(cursor.state(), { ...OPTIONS, lookbackSeconds: 2 * 86_400 })
        .slices(),
    ]).toEqual([{ slice: planned!.slice, position: 'token' }]);
  });

  it('keeps the end of an unfinished plan to the microsecond', () => {
    const raw = { ...DAYS, step: 'P1D', cursor_granularity: 'P1D' };
    const cursor = buildCursor(raw).cursor(undefined, OPTIONS);
    const slices = [...cursor.slices()].map(({ slice }) => slice);
    cursor.close(slices[0]!);
    expect((cursor.state()?.[OWN_KEY] as JsonObject | undefined)?.plan).toEqual({
      start: '2024-02-26T00:00:00+00:00',
      end: '2024-03-02T10:20:30+00:00',
    });
    const resumed = [...buildCursor(raw, { now: '2024-05-01T00:00:00Z' }).cursor(cursor.state(), OPTIONS).slices()];
    expect(resumed.map(({ slice }) => slice)).toEqual(slices.slice(1));
  });

  it('keeps fixed bounds within their own bounds and reads them in their own format', () => {
    const bounded = {
      type: 'MinMaxDatetime',
      datetime: '01.01.2010',
      datetime_format: '%d.%m.%Y',
      min_datetime: '28.02.2024',
    };
    const last = { type: 'MinMaxDatetime', datetime: '2030-01-01', max_datetime: '2024-02-29', min_datetime: '' };
    expect(slicesOf({ ...DAYS, start_datetime: bounded, end_datetime: last })).toEqual([
      { start_time: '2024-02-28', end_time: '2024-02-29' },
    ]);
  });

  it('says which field of the manifest it cannot read', () => {
    const plan = (more: JsonObject) => () => slicesOf({ ...DAYS, ...more });
    expect(plan({ start_datetime: 'soon' })).toThrow("The start_datetime 'soon' is not in the format '%Y-%m-%d'.");
    expect(plan({ start_datetime: { type: 'MinMaxDatetime', datetime: '2024-01-01', min_datetime: '1' } })).toThrow(
      /min_datetime of start_datetime '1'/,
    );
    expect(plan({ end_datetime: '2024' })).toThrow(/end_datetime '2024'/);
    expect(plan({ lookback_window: '1 day' })).toThrow(/lookback_window '1 day'/);
    expect(plan({ step: 'P1D' })).toThrow(/both of step and cursor_granularity/);
    expect(plan({ step: 'P0D', cursor_granularity: 'P1D' })).toThrow(/longer than nothing/);
    expect(plan({ step: '-P1D', cursor_granularity: 'P1D' })).toThrow(/longer than nothing/);
    expect(plan({ clamping: { target: 'YEAR' } })).toThrow(/'YEAR' is none of DAY, WEEK, MONTH/);
    expect(plan({ clamping: { target: 'WEEK' } })).toThrow(/needs target_details with a weekday/);
    expect(plan({ step: '', cursor_granularity: '' })).not.toThrow();
  });

  it('finds what is wrong for every configuration before it reads, and the rest when it reads', () => {
    const build = (more: JsonObject, config: JsonObject = {}) => buildCursor({ ...DAYS, ...more }, { config });
    expect(() => build({ lookback_window: 'a day' })).toThrow(/lookback_window 'a day'/);
    expect(() => build({ clamping: {} })).toThrow(/'' is none of DAY/);
    const late = build(
      { lookback_window: "P{{ config['days'] }}D", clamping: { target: "{{ config['period'] }}" } },
      { days: 'x', period: 'DAY' },
    );
    expect(() => late.cursor(undefined, OPTIONS)).toThrow(/lookback_window 'PxD'/);
    const cursor = build({ lookback_window: "P{{ config['days'] }}D" }, { days: 2 }).cursor(
      { at: '2024-03-01' },
      OPTIONS,
    );
    expect([...cursor.slices()][0]?.slice.start_time).toBe('2024-02-28');
  });

  it('refuses a state that it cannot read, and reads one of another format of its list', () => {
    expect(() => slicesOf(DAYS, { at: 'yesterday' })).toThrow(/'at' cannot be read/);
    expect(() => buildCursor(DAYS).normalize('yesterday')).toThrow(/cannot be read/);
    const raw = { ...DAYS, cursor_datetime_formats: ['%s'] };
    expect(slicesOf(raw, { at: '1709164800' })).toEqual([{ start_time: '2024-02-29', end_time: '2024-03-02' }]);
    expect(buildCursor(raw).normalize(1_709_164_800)).toBe('2024-02-29');
  });

  it('takes the field that the user chose', () => {
    const chosen = buildCursor({ ...DAYS, allow_catalog_defined_cursor_field: true }).chosen('made');
    expect(chosen.cursorField).toBe('made');
    expect(chosen.highest([{ at: '2024-03-01', made: '2024-02-27' }])).toBe('2024-02-27');
    expect(chosen.allowsChosenCursor).toBe(true);
  });

  it('tells how old a value is', () => {
    const sync = buildCursor(DAYS);
    expect(sync.isOlder?.('2024-02-01', 'P1M')).toBe(true);
    expect(sync.isOlder?.('2024-02-03', 'P1M')).toBe(false);
    expect(sync.isOlder?.('x', 'P1M')).toBeUndefined();
    expect(() => sync.isOlder?.('2024-02-03', 'a month')).toThrow(/api_retention_period/);
  });

  it('splits a window in halves that do not overlap, down to its granularity', () => {
    const sync = buildCursor({ ...DAYS, step: 'P1M', cursor_granularity: 'P1D' });
    const window = (start_time: string, end_time: string): JsonObject => ({ start_time, end_time, other: 1 });
    expect(sync.split(window('2024-02-01', '2024-02-05'))).toEqual([
      window('2024-02-01', '2024-02-02'),
      window('2024-02-03', '2024-02-05'),
    ]);
    expect(sync.split(window('2024-02-01', '2024-02-02'))).toEqual([
      window('2024-02-01', '2024-02-01'),
      window('2024-02-02', '2024-02-02'),
    ]);
    expect(sync.split(window('2024-02-01', '2024-02-01'))).toBeUndefined();
    expect(sync.split(window('2024-02-01', '2024-02-08'), 'P7D')).toBeUndefined();
    expect(buildCursor(DAYS).split(window('2024-02-01', '2024-02-05'))).toBeUndefined();
    expect(sync.narrow(window('2024-02-01', '2024-02-05'), '2024-02-03')).toEqual(window('2024-02-03', '2024-02-05'));
  });
});

describe('what is new to a state', () => {
  const isNew = (raw: JsonObject, value: unknown, state?: JsonObject, lookbackSeconds?: number): boolean =>
    buildCursor({ ...DAYS, ...raw }).isNew({ at: value as string }, state, lookbackSeconds);

  it('lies between the value of the state and now', () => {
    expect(isNew({}, '2024-02-25')).toBe(false);
    expect(isNew({}, '2024-02-26')).toBe(true);
    expect(isNew({}, '2024-03-03')).toBe(false);
    expect(isNew({}, '2024-02-27', { at: '2024-02-28' })).toBe(false);
    expect(isNew({ lookback_window: 'P1D' }, '2024-02-27', { at: '2024-02-28' })).toBe(true);
    expect(isNew({}, '2024-02-27', { at: '2024-02-28' }, 86_400)).toBe(true);
    expect(isNew({ end_datetime: '2024-03-10' }, '2024-03-03')).toBe(true);
  });

  it('counts what cannot be read as new', () => {
    for (const value of [undefined, null, '', 'x', {}]) expect(isNew({}, value, { at: '2024-02-28' })).toBe(true);
  });

  it('is what was new when an unfinished plan began', () => {
    const sync = buildCursor({ ...DAYS, step: 'P1D', cursor_granularity: 'P1D', lookback_window: 'P1D' });
    const cursor = sync.cursor({ at: '2024-02-28' }, OPTIONS);
    for (const { slice } of [...cursor.slices()].slice(0, 3)) {
      cursor.observe(slice, [{ at: slice.end_time }]);
      cursor.close(slice);
    }
    const state = cursor.state();
    expect(state?.at).toBe('2024-02-29');
    expect(sync.isNew({ at: '2024-02-27' }, state)).toBe(true);
    expect(sync.isNew({ at: '2024-02-26' }, state)).toBe(false);
  });

  it('asks the clock again for a record that came later', () => {
    let now = '2024-03-02T00:00:00Z';
    const sync = buildCursor(DAYS, { clock: () => Date.parse(now) });
    expect(sync.isNew({ at: '2024-03-04' }, undefined)).toBe(false);
    now = '2024-03-05T00:00:00Z';
    expect(sync.isNew({ at: '2024-03-04' }, undefined)).toBe(true);
  });
});

describe('the highest cursor value of a page', () => {
  const highest = (formats: string[], values: unknown[]): unknown =>
    buildCursor({
      ...DAYS,
      datetime_format: '%Y-%m-%dT%H:%M:%S.%f%z',
      start_datetime: { type: 'MinMaxDatetime', datetime: '2024-01-01', datetime_format: '%Y-%m-%d' },
      cursor_datetime_formats: formats,
    }).highest(values.map((at) => ({ at }) as never));

  it('is found among texts of one shape and of several', () => {
    expect(highest(['%Y-%m-%d'], ['2024-01-02', '2024-01-10', '2024-01-09'])).toBe('2024-01-10T00:00:00.000000+0000');
    expect(highest(['%Y-%m-%d'], ['2024-2-15', '2024-10-5'])).toBe('2024-10-05T00:00:00.000000+0000');
    expect(highest(['%Y-%m-%d'], ['2024-10-5', '2024-2-15'])).toBe('2024-10-05T00:00:00.000000+0000');
    expect(highest(['%Y-%m-%d', '%Y-%m-%dT%H:%M:%SZ'], ['2024-01-02', '2024-01-01T23:00:00Z'])).toBe(
      '2024-01-02T00:00:00.000000+0000',
    );
    expect(highest(['%Y-%m-%dT%H:%M:%S.%fZ'], ['2024-01-02T00:00:00.5Z', '2024-01-02T00:00:00.45Z'])).toBe(
      '2024-01-02T00:00:00.500000+0000',
    );
  });

  it('goes by the moment, not by the text, where zones differ', () => {
    expect(highest([], ['2024-01-02T01:00:00.0+0200', '2024-01-02T00:00:00.0+0000'])).toBe(
      '2024-01-02T00:00:00.000000+0000',
    );
    expect(highest([], ['2024-01-02T01:00:00.0+0200', '2024-01-02T01:00:01.0+0200'])).toBe(
      '2024-01-02T01:00:01.000000+0200',
    );
  });

  it('leaves out what cannot be read', () => {
    expect(highest(['%Y-%m-%d'], ['2024-01-02', '2024-99-99', undefined, null, '9999', { a: 1 }, 5])).toBe(
      '2024-01-02T00:00:00.000000+0000',
    );
    expect(highest(['%Y-%m-%d'], ['zzzz-zz-zz'])).toBeUndefined();
    expect(highest(['%Y-%m-%d'], [])).toBeUndefined();
  });

  it('counts seconds and milliseconds, as numbers and as texts', () => {
    expect(highest(['%s'], [1_704_153_600, '1704153599', 1_704_153_600.9])).toBe('2024-01-02T00:00:00.000000+0000');
    expect(highest(['%ms'], [1_704_153_600_123, 1_704_153_600_122n])).toBe('2024-01-02T00:00:00.123000+0000');
    expect(highest(['%d/%m/%Y'], ['31/01/2024', '01/02/2024'])).toBe('2024-02-01T00:00:00.000000+0000');
  });
});

describe('the records at a value of the state', () => {
  const at = (raw: JsonObject, value: string, records: unknown[]): unknown[] => {
    const isAt = buildCursor({ ...DAYS, ...raw }).at(value);
    return records.filter((one) => isAt({ at: one as string }));
  };

  it('are all that the format writes like that, in any order', () => {
    const seconds = {
      start_datetime: '2024-01-01T00:00:00Z',
      datetime_format: '%Y-%m-%dT%H:%M:%SZ',
      cursor_datetime_formats: ['%Y-%m-%dT%H:%M:%S.%fZ', '%Y-%m-%d'],
    };
    const [exact, within, next, before] = ['05Z', '05.75Z', '06.0Z', '04.9Z'].map((end) => `2024-02-01T00:00:${end}`);
    expect(at(seconds, exact!, [next, within, before, exact, within, null, 'x', next])).toEqual([
      within,
      exact,
      within,
    ]);
    expect(at(seconds, '2024-02-01T00:00:00Z', [exact, '2024-02-01', '2024-02-02'])).toEqual(['2024-02-01']);
    const days = { cursor_datetime_formats: ['%Y-%m-%dT%H:%M:%SZ'] };
    expect(
      at(days, '2024-02-01', [exact, '2024-02-01T23:59:59Z', '2024-02-02T00:00:00Z', '2024-01-31T23:59:59Z']),
    ).toEqual([exact, '2024-02-01T23:59:59Z']);
  });

  it('are the same moment in another zone, and what a format without zones makes of one', () => {
    const zoned = { datetime_format: '%Y-%m-%dT%H:%M:%S%z', start_datetime: '2024-01-01T00:00:00+0000' };
    const [east, utc] = ['2024-02-01T02:00:00+0200', '2024-02-01T00:00:00+0000'];
    expect(at(zoned, utc!, [east, utc, '2024-02-01T00:00:00+0200'])).toEqual([east, utc]);
    const wall = {
      start_datetime: '2024-01-01T00:00:00',
      datetime_format: '%Y-%m-%dT%H:%M:%S',
      cursor_datetime_formats: ['%Y-%m-%dT%H:%M:%S%z'],
    };
    expect(at(wall, '2024-02-01T02:00:00', ['2024-02-01T03:00:00+0200', east, utc])).toEqual([east]);
  });
});
