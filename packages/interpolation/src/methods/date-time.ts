import { parseIsoFormat } from '../datetime/iso-format.js';
import { compileScan } from '../datetime/scan.js';
import { fromTimestamp, timestampOf } from '../datetime/timestamp.js';
import { typeError, valueError } from '../error.js';
import { typeName } from '../operations/type-name.js';
import type { Runtime } from '../runtime.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { float, isNumber, toDouble } from '../values/float.js';
import { pad2, pad6 } from '../values/temporal.js';
import { clockMicros, Time } from '../values/time.js';
import { TimeDelta } from '../values/time-delta.js';
import { offsetText, UTC, Zone } from '../values/zone.js';
import { intArgument, textArgument } from './arguments.js';
import { dateFromIso, replaceDate, strftime, timeTuple, weekOrdinal } from './date.js';
import { members } from './member.js';

function zoneArgument(value: unknown, otherwise: Zone | undefined): Zone | undefined {
  if (value === undefined) return otherwise;
  if (value === null) return undefined;
  if (!(value instanceof Zone))
    throw typeError(`tzinfo argument must be None or of a tzinfo subclass, not type '${typeName(value)}'`);
  return value;
}

const PRECISION: Record<string, (clock: DateTime['clock']) => string> = {
  hours: ({ hour }) => pad2(hour),
  minutes: ({ hour, minute }) => `${pad2(hour)}:${pad2(minute)}`,
  seconds: ({ hour, minute, second }) => `${pad2(hour)}:${pad2(minute)}:${pad2(second)}`,
  milliseconds: ({ hour, minute, second, microsecond }) =>
    `${pad2(hour)}:${pad2(minute)}:${pad2(second)}.${pad6(microsecond).slice(0, 3)}`,
  microseconds: ({ hour, minute, second, microsecond }) =>
    `${pad2(hour)}:${pad2(minute)}:${pad2(second)}.${pad6(microsecond)}`,
};

function clockIso(self: DateTime | Time, spec: unknown): string {
  const name = spec === undefined ? 'auto' : textArgument(spec);
  const precision = name === 'auto' ? (self.clock.microsecond ? 'microseconds' : 'seconds') : name;
  const print = Object.hasOwn(PRECISION, precision) ? PRECISION[precision] : undefined;
  if (!print) throw valueError('Unknown timespec value');
  return print(self.clock) + (self.zone ? offsetText(self.zone.offsetMicros, ':') : '');
}

function isoFormat(self: DateTime, [separator, spec]: unknown[]): string {
  const sep = separator === undefined ? 'T' : textArgument(separator);
  if (Array.from(sep).length !== 1) throw typeError('isoformat() argument 1 must be a unicode character');
  return `${self.dateText()}${sep}${clockIso(self, spec)}`;
}

function replaceClock(self: DateTime | Time, [hour, minute, second, microsecond]: unknown[]): number {
  const { clock } = self;
  return clockMicros(
    intArgument(hour, clock.hour),
    intArgument(minute, clock.minute),
    intArgument(second, clock.second),
    intArgument(microsecond, clock.microsecond),
  );
}

function now(runtime: Runtime, zone: Zone | undefined): DateTime {
  const moment = DateTime.fromMicros(BigInt(Math.trunc(runtime.clock() * 1000)), zone ?? UTC);
  return moment.withZone(zone);
}

function timestampArgument(value: unknown): number | bigint {
  if (typeof value === 'bigint') return value;
  if (!isNumber(value)) throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  return toDouble(value);
}

function combine([date, time, zone]: unknown[]): DateTime {
  if (!(date instanceof PyDate)) throw typeError(`combine() argument 1 must be datetime.date, not ${typeName(date)}`);
  if (!(time instanceof Time)) throw typeError(`combine() argument 2 must be datetime.time, not ${typeName(time)}`);
  return new DateTime(date.ordinal, time.micros, zoneArgument(zone, time.zone));
}

const offsetOf = (zone: Zone | undefined) => (zone ? TimeDelta.fromMicros(BigInt(zone.offsetMicros)) : null);

export const dateTimeMembers = members<DateTime>({
  hour: (self) => self.clock.hour,
  minute: (self) => self.clock.minute,
  second: (self) => self.clock.second,
  microsecond: (self) => self.clock.microsecond,
  fold: () => 0,
  tzinfo: (self) => self.zone ?? null,
  min: () => new DateTime(1, 0),
  max: () => DateTime.at([9999, 12, 31, 23, 59, 59, 999_999]),
  resolution: () => new TimeDelta(0, 1),
  isoformat: ['sep="T", timespec="auto"', isoFormat],
  date: ['', (self) => new PyDate(self.ordinal)],
  time: ['', (self) => new Time(self.micros)],
  timetz: ['', (self) => new Time(self.micros, self.zone)],
  timestamp: ['', (self) => float(timestampOf(self))],
  utcoffset: ['', (self) => offsetOf(self.zone)],
  dst: ['', (self) => (self.zone?.type === 'UTC' ? new TimeDelta(0, 0) : null)],
  tzname: ['', (self) => self.zone?.name ?? null],
  utctimetuple: ['', (self) => timeTuple(self.inZone(UTC), 0)],
  // Without a zone the system's is meant, which is UTC wherever connectors run.
  astimezone: ['tz=None', (self, [zone]) => self.inZone(zoneArgument(zone, undefined) ?? UTC)],
  replace: [
    'year=, month=, day=, hour=, minute=, second=, microsecond=, tzinfo=, *, fold=',
    (self, args) =>
      new DateTime(replaceDate(self, args), replaceClock(self, args.slice(3)), zoneArgument(args[7], self.zone)),
  ],
  now: ['tz=None', (_self, [zone], runtime) => now(runtime, zoneArgument(zone, undefined))],
  utcnow: ['', (_self, _args, runtime) => now(runtime, undefined)],
  today: ['', (_self, _args, runtime) => now(runtime, undefined)],
  fromtimestamp: [
    'timestamp, tz=None',
    (_self, [seconds, tz]) => {
      const zone = zoneArgument(tz, undefined);
      return fromTimestamp(timestampArgument(seconds), zone ?? UTC).withZone(zone);
    },
  ],
  utcfromtimestamp: [
    'timestamp, /',
    (_self, [seconds]) => fromTimestamp(timestampArgument(seconds)).withZone(undefined),
  ],
  fromordinal: ['ordinal, /', (_self, [ordinal]) => new DateTime(intArgument(ordinal, 0), 0)],
  fromisoformat: ['date_string, /', (_self, [text]) => parseIsoFormat(textArgument(text), dateFromIso)],
  fromisocalendar: [
    'year, week, day',
    (_self, [year, week, day]) =>
      new DateTime(weekOrdinal(intArgument(year, 0), intArgument(week, 0), intArgument(day, 0)), 0),
  ],
  strptime: [
    'date_string, format, /',
    (_self, [text, format]) => compileScan(textArgument(format))(textArgument(text)),
  ],
  combine: ['date, time, tzinfo=', (_self, args) => combine(args)],
});

export const timeMembers = members<Time>({
  hour: (self) => self.clock.hour,
  minute: (self) => self.clock.minute,
  second: (self) => self.clock.second,
  microsecond: (self) => self.clock.microsecond,
  fold: () => 0,
  tzinfo: (self) => self.zone ?? null,
  isoformat: ['timespec="auto"', (self, [spec]) => clockIso(self, spec)],
  strftime: ['format', (self, args) => strftime(self as never, args)],
  utcoffset: ['', (self) => offsetOf(self.zone)],
  tzname: ['', (self) => self.zone?.name ?? null],
  replace: [
    'hour=, minute=, second=, microsecond=, tzinfo=, *, fold=',
    (self, args) => new Time(replaceClock(self, args), zoneArgument(args[4], self.zone)),
  ],
});

export const zoneMembers = members<Zone>({
  utcoffset: ['dt, /', (self) => offsetOf(self)],
  tzname: ['dt, /', (self) => self.name],
  utc: (self) => (self.type === 'timezone' ? UTC : undefined),
  zone: (self) => (self.type === 'UTC' ? 'UTC' : undefined),
  localize: [
    'dt, is_dst=False',
    (self, [moment]) => {
      if (!(moment instanceof DateTime)) throw typeError('localize wants a datetime');
      if (moment.zone) throw valueError('Not naive datetime (tzinfo is already set)');
      return moment.withZone(self);
    },
  ],
});
