import { EPOCH_ORDINAL } from '../datetime/calendar.js';
import { compileDirectives } from '../datetime/directives.js';
import { compileFormat, isCount } from '../datetime/format.js';
import { parseIso } from '../datetime/iso-parse.js';
import { parseDuration } from '../datetime/parse-duration.js';
import { compileScan } from '../datetime/scan.js';
import { timestampOf } from '../datetime/timestamp.js';
import { ordinalInZone } from '../datetime/zones.js';
import { Failure, typeError, valueError } from '../error.js';
import { example } from '../filters/define.js';
import { textArgument } from '../methods/arguments.js';
import { arithmetic } from '../operations/arithmetic.js';
import { toInt } from '../operations/convert.js';
import { addSpan } from '../operations/date-arithmetic.js';
import { lengthOrNone } from '../operations/length.js';
import { repr, text } from '../operations/text.js';
import { truth } from '../operations/truth.js';
import { typeName } from '../operations/type-name.js';
import type { Runtime } from '../runtime.js';
import { Bytes } from '../values/bytes.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { float, isIntLike, isNumber } from '../values/float.js';
import { isText, plain } from '../values/markup.js';
import { TimeDelta } from '../values/time-delta.js';
import { Undefined } from '../values/undefined.js';
import { PYTZ_UTC, UTC } from '../values/zone.js';
import type { Macro } from '../word.js';
import { macro } from './define.js';

function now(runtime: Runtime): DateTime {
  return DateTime.fromMicros(BigInt(Math.trunc(runtime.clock() * 1000)), UTC);
}

/** Reads an ISO 8601 text; without an offset it is UTC. */
function strToDatetime(value: unknown): DateTime {
  if (value instanceof Undefined) throw value.fail();
  const source = value instanceof Bytes ? Buffer.from(value.data).toString('latin1') : value;
  if (!isText(source)) {
    // dateutil looks at the length before it looks at the kind.
    if (lengthOrNone(value) >= 0 && lengthOrNone(value) < 4) throw valueError('ISO string too short');
    throw typeError(`cannot read a date from '${typeName(value)}'`);
  }
  const moment = parseIso(plain(source));
  return moment.zone ? moment.inZone(PYTZ_UTC) : moment.withZone(PYTZ_UTC);
}

function timestamp([value]: unknown[]): unknown {
  return isNumber(value) ? toInt(value) : float(timestampOf(strToDatetime(value)));
}

function todayWithTimezone([zone]: unknown[], runtime: Runtime): PyDate {
  if (zone === null || zone instanceof Undefined) throw new Failure('UnknownTimeZoneError', repr(zone));
  if (!isText(zone)) throw new Failure('AttributeError', `'${typeName(zone)}' object has no attribute 'upper'`);
  const name = plain(zone).toUpperCase() === 'UTC' ? 'UTC' : plain(zone);
  if (name === 'UTC') return new PyDate(Math.floor(runtime.clock() / 86_400_000) + EPOCH_ORDINAL);
  return new PyDate(ordinalInZone(runtime.clock(), name.replaceAll('_plus_', '+').replaceAll('_minus_', '-')));
}

function dayDelta([days, format]: unknown[], runtime: Runtime): string {
  if (!isNumber(days)) {
    if (days instanceof Undefined) throw typeError('unsupported type for timedelta days component: Undefined');
    throw typeError(`unsupported type for timedelta days component: ${typeName(days)}`);
  }
  const span = arithmetic(new TimeDelta(1, 0), '*', days) as TimeDelta;
  const moment = addSpan(now(runtime), span);
  return compileDirectives(format === undefined ? '%Y-%m-%dT%H:%M:%S.%f%z' : textArgument(format))(moment);
}

function duration([value]: unknown[]): unknown {
  if (!isText(value)) throw typeError(`Expecting a string ${text(value)}`);
  return parseDuration(plain(value));
}

function formatDatetime([value, format, inputFormat]: unknown[]): string {
  if (value instanceof DateTime) return compileDirectives(textArgument(format))(value);
  const scan = inputFormat !== undefined && truth(inputFormat) ? textArgument(inputFormat) : undefined;
  let moment: DateTime;
  if (isIntLike(value)) moment = parseNumber(value, scan ?? '%s');
  else if (scan !== undefined) {
    const source = textArgument(value, 'strptime() argument 1');
    moment = compileScan(scan)(source);
  } else moment = strToDatetime(value);
  return compileFormat(textArgument(format)).format(moment.zone ? moment : moment.withZone(PYTZ_UTC));
}

/** A number by a format: a count since 1970, or its digits read as a text is. */
function parseNumber(value: number | bigint | boolean, format: string): DateTime {
  return compileFormat(format).parse(isCount(format) ? String(BigInt(value)) : text(value));
}

export const dateMacros: readonly Macro[] = [
  macro(
    'now_utc',
    '',
    'The present moment, in UTC.',
    [example("{{ now_utc().strftime('%Y') | int > 2000 }}", true)],
    (_args, runtime) => now(runtime),
  ),
  macro(
    'today_utc',
    '',
    'Today’s date in UTC.',
    [example('{{ today_utc() == now_utc().date() }}', true)],
    (_args, runtime) => new PyDate(now(runtime).ordinal),
  ),
  macro(
    'today_with_timezone',
    'timezone',
    'Today’s date in a zone of the tz database.',
    [example("{{ today_with_timezone('UTC') == today_utc() }}", true)],
    todayWithTimezone,
  ),
  macro(
    'timestamp',
    'dt',
    'A number as int, or an ISO 8601 text as seconds since 1970, with fraction.',
    [
      example("{{ timestamp('2024-02-26T00:00:00Z') }}", 1708905600),
      example('{{ timestamp(1658505815.22) }}', 1658505815),
    ],
    timestamp,
  ),
  macro(
    'str_to_datetime',
    's',
    'An ISO 8601 text as moment in UTC; without an offset it is taken as UTC.',
    [example("{{ str_to_datetime('2024-02-26T02:00:00+02:00') }}", '2024-02-26 00:00:00+00:00')],
    ([value]) => strToDatetime(value),
  ),
  macro(
    'day_delta',
    "num_days, format='%Y-%m-%dT%H:%M:%S.%f%z'",
    'The moment that is a number of days from now, formatted.',
    [example("{{ day_delta(0, '%Y-%m-%d') == today_utc().isoformat() }}", true)],
    dayDelta,
  ),
  macro(
    'duration',
    'datestring',
    'An ISO 8601 duration, to be added to dates or taken from them.',
    [example("{{ str_to_datetime('2024-03-31') - duration('P1M') }}", '2024-02-29 00:00:00+00:00')],
    duration,
  ),
  macro(
    'format_datetime',
    'dt, format, input_format=None',
    'A moment, seconds since 1970 or a text, formatted; `input_format` tells how to read the text.',
    [
      example("{{ format_datetime('2024-02-26T01:02:03Z', '%d.%m.%Y') }}", '26.02.2024'),
      example("{{ format_datetime(1708905600, '%Y-%m-%d') }}", '2024-02-26'),
      example("{{ format_datetime('26/02/2024', '%s', '%d/%m/%Y') }}", 1708905600),
    ],
    formatDatetime,
  ),
];
