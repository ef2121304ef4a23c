import { floatRepr } from '../formatting/float-repr.js';
import { parseFloatText, parseIntText } from '../operations/convert.js';
import type { DateTime } from '../values/date-time.js';
import { UTC } from '../values/zone.js';
import { compileDirectives } from './directives.js';
import { compileScan } from './scan.js';
import { fromMicros, fromTimestamp, timestampOf } from './timestamp.js';

/** A manifest's datetime format, ready for use. */
export interface DatetimeFormat {
  readonly source: string;
  /** Reads a text; what has no offset is UTC. Throws when it does not fit the format. */
  parse(text: string): DateTime;
  format(moment: DateTime): string;
}

type Parse = (text: string) => DateTime;
type Print = (moment: DateTime) => string;

/** Formats that stand alone: counts since the epoch. They multiply doubles, for that is what the reference does. */
const WHOLE: Record<string, [Parse, Print]> = {
  '%s': [(text) => fromTimestamp(parseIntText(text, 10)), (moment) => String(Math.trunc(timestampOf(moment)))],
  '%s_as_float': [(text) => fromTimestamp(parseFloatText(text)), (moment) => floatRepr(timestampOf(moment))],
  '%epoch_microseconds': [
    (text) => fromMicros(BigInt(parseIntText(text, 10))),
    (moment) => String(Math.trunc(timestampOf(moment) * 1_000_000)),
  ],
  '%ms': [
    (text) => fromMicros(BigInt(parseIntText(text, 10)) * 1000n),
    (moment) => String(Math.trunc(timestampOf(moment) * 1000)),
  ],
};

/** Whether a format is one of the counts since the epoch. */
export const isCount = (source: string) => Object.hasOwn(WHOLE, source);

/**
 * Compiles a format of `datetime_format`, `cursor_datetime_formats` and `format_datetime`: strftime's directives, and
 * the manifest language's own `%s`, `%s_as_float`, `%ms`, `%epoch_microseconds` (alone) and `%_ms` (milliseconds).
 */
export function compileFormat(source: string): DatetimeFormat {
  const whole = isCount(source) ? WHOLE[source] : undefined;
  if (whole) return { source, parse: whole[0], format: whole[1] };
  const scanned = source.includes('%_ms') ? source.replaceAll('%_ms', '%f') : source;
  return { source, parse: lazyParse(scanned), format: printer(source) };
}

/** A format that cannot be read may still be written (`%e`), so it fails only when it is read. */
function lazyParse(source: string): Parse {
  let scan: Parse | undefined;
  return (text) => {
    scan ??= compileScan(source);
    const moment = scan(text);
    return moment.zone ? moment : moment.withZone(UTC);
  };
}

function printer(source: string): Print {
  if (!source.includes('%_ms')) return compileDirectives(source);
  const directives = compileDirectives(source.replaceAll('%_ms', '%f'));
  const fraction = compileDirectives('%f');
  // Whatever else looks like the microseconds is replaced too, as in the reference.
  return (moment) => directives(moment).replaceAll(fraction(moment), fraction(moment).slice(0, 3));
}
