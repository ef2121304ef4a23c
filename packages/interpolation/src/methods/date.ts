import { dayOfYear, isoCalendar, isoToOrdinal, isoWeeks, toOrdinal, weekday } from '../datetime/calendar.js';
import { compileDirectives } from '../datetime/directives.js';
import { DAYS, MONTHS, short } from '../datetime/names.js';
import { fromTimestamp } from '../datetime/timestamp.js';
import { typeError, valueError } from '../error.js';
import type { Runtime } from '../runtime.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { isNumber, toDouble } from '../values/float.js';
import { pad2 } from '../values/temporal.js';
import { TimeDelta } from '../values/time-delta.js';
import { Tuple } from '../values/tuple.js';
import { intArgument, textArgument } from './arguments.js';
import { members } from './member.js';

export function strftime(self: PyDate, [format]: unknown[]): string {
  return compileDirectives(textArgument(format))(self);
}

const MIDNIGHT = { hour: 0, minute: 0, second: 0 };

/** `ctime()`: `Sat Mar  2 05:06:07 2024`. */
function ctime(self: PyDate): string {
  const { year, month, day } = self.date;
  const clock = self instanceof DateTime ? self.clock : MIDNIGHT;
  const date = `${short(DAYS[weekday(self.ordinal)] ?? '')} ${short(MONTHS[month - 1] ?? '')} ${String(day).padStart(2)}`;
  return `${date} ${pad2(clock.hour)}:${pad2(clock.minute)}:${pad2(clock.second)} ${String(year).padStart(4, '0')}`;
}

export function replaceDate(self: PyDate, [year, month, day]: unknown[]): number {
  const { date } = self;
  return toOrdinal(intArgument(year, date.year), intArgument(month, date.month), intArgument(day, date.day));
}

/** `date.fromisoformat`: only the forms of a date. */
export function dateFromIso(text: string): PyDate {
  const day = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text);
  if (day && (text.length === 10 || (text.length === 8 && !text.includes('-'))))
    return PyDate.of(Number(day[1]), Number(day[2]), Number(day[3]));
  const week = /^(\d{4})(-?)W(\d{2})(?:\2(\d))?$/.exec(text);
  if (!week) throw valueError(`Invalid isoformat string: '${text}'`);
  return new PyDate(weekOrdinal(Number(week[1]), Number(week[3]), Number(week[4] ?? 1)));
}

export function weekOrdinal(year: number, week: number, day: number): number {
  toOrdinal(year, 1, 1);
  if (week < 1 || week > isoWeeks(year)) throw valueError(`Invalid week: ${week}`);
  if (day < 1 || day > 7) throw valueError(`Invalid weekday: ${day} (range is [1, 7])`);
  return isoToOrdinal(year, week, day);
}

const today = (runtime: Runtime) => fromTimestamp(Math.floor(runtime.clock() / 1000));

function timestampArgument(value: unknown): number | bigint {
  if (typeof value === 'bigint') return value;
  if (!isNumber(value)) throw typeError('an integer is required');
  return toDouble(value);
}

/** A `struct_time`; `isDst` is -1 where the zone knows nothing of summer time. */
export function timeTuple(self: PyDate, isDst: number): Tuple {
  const { year, month, day } = self.date;
  const { hour, minute, second } = self instanceof DateTime ? self.clock : MIDNIGHT;
  const fields = ['year', 'mon', 'mday', 'hour', 'min', 'sec', 'wday', 'yday', 'isdst'].map((name) => `tm_${name}`);
  const items = [year, month, day, hour, minute, second, weekday(self.ordinal), dayOfYear(year, month, day), isDst];
  return new Tuple(items, fields, 'time.struct_time');
}

/** What dates and datetimes share. */
export const sharedDate = members<PyDate>({
  year: (self) => self.date.year,
  month: (self) => self.date.month,
  day: (self) => self.date.day,
  resolution: () => new TimeDelta(1, 0),
  weekday: ['', (self) => weekday(self.ordinal)],
  isoweekday: ['', (self) => weekday(self.ordinal) + 1],
  isocalendar: [
    '',
    (self) => new Tuple(isoCalendar(self.ordinal), ['year', 'week', 'weekday'], 'datetime.IsoCalendarDate'),
  ],
  toordinal: ['', (self) => self.ordinal],
  ctime: ['', ctime],
  strftime: ['format', strftime],
  timetuple: ['', (self) => timeTuple(self, self instanceof DateTime && self.zone?.type === 'UTC' ? 0 : -1)],
});

export const dateMembers = members<PyDate>({
  min: () => new PyDate(1),
  max: () => PyDate.of(9999, 12, 31),
  isoformat: ['', (self) => self.dateText()],
  replace: ['year=, month=, day=', (self, args) => new PyDate(replaceDate(self, args))],
  today: ['', (_self, _args, runtime) => new PyDate(today(runtime).ordinal)],
  fromtimestamp: ['timestamp, /', (_self, [seconds]) => new PyDate(fromTimestamp(timestampArgument(seconds)).ordinal)],
  fromordinal: ['ordinal, /', (_self, [ordinal]) => new PyDate(intArgument(ordinal, 0))],
  fromisoformat: ['date_string, /', (_self, [text]) => dateFromIso(textArgument(text))],
  fromisocalendar: [
    'year, week, day',
    (_self, [year, week, day]) =>
      new PyDate(weekOrdinal(intArgument(year, 0), intArgument(week, 0), intArgument(day, 0))),
  ],
});
