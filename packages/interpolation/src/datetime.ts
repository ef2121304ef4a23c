import { parseAny } from './datetime/any-parse.js';
import { compileFormat } from './datetime/format.js';
import { parseDuration as readDuration } from './datetime/parse-duration.js';
import { fromMicros } from './datetime/timestamp.js';
import { Failure, TemplateError } from './error.js';
import { addDuration as addMonths, addSpan, negate } from './operations/date-arithmetic.js';
import type { DateTime } from './values/date-time.js';
import { Duration as CalendarDuration } from './values/duration.js';
import type { TimeDelta } from './values/time-delta.js';
import { UTC } from './values/zone.js';

/**
 * A moment: a date and time of day, exact to the microsecond, with the offset that it was written in.
 * `utcMicros()` is its distance from 1970 in microseconds, `isoText('T')` its ISO 8601 text.
 */
export type Moment = DateTime;

/** A span of time: of fixed length (`TimeDelta`), or with years and months, whose length hangs on the date. */
export type Duration = TimeDelta | CalendarDuration;

/** A format that is ready for use: a cursor compiles its formats once. */
export interface CompiledFormat {
  /** The format's text. */
  readonly source: string;
  /** Reads a text; one without offset is UTC. Throws a `TemplateError` when it does not fit. */
  parse(text: string | number | bigint): Moment;
  /** Writes a moment, in the offset that it has. */
  format(moment: Moment): string;
}

/** Failures become the package's errors at its door. */
function guard<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (failure) {
    if (failure instanceof Failure) throw new TemplateError(failure.kind, failure.message);
    throw failure;
  }
}

/**
 * Compiles a manifest's datetime format: the directives of Python's `strptime` and `strftime` (glibc's), and `%s`,
 * `%s_as_float`, `%ms`, `%epoch_microseconds`, which stand alone, and `%_ms` (milliseconds), which need not.
 * The rules are those of the reference's DatetimeParser. An unknown directive fails when it is used.
 */
export function compileDatetimeFormat(format: string): CompiledFormat {
  const compiled = compileFormat(format);
  return {
    source: format,
    parse: (text) => guard(() => compiled.parse(String(text))),
    format: (moment) => guard(() => compiled.format(moment)),
  };
}

const CACHE_MAX = 500;
const formats = new Map<string, CompiledFormat>();

function cached(format: string): CompiledFormat {
  let compiled = formats.get(format);
  if (!compiled) {
    compiled = compileDatetimeFormat(format);
    if (formats.size >= CACHE_MAX) formats.clear();
    formats.set(format, compiled);
  }
  return compiled;
}

/**
 * Reads a text by a format (`parseDatetime('2024-02-26', '%Y-%m-%d')`). Throws a `TemplateError` when it does not fit.
 */
export function parseDatetime(text: string | number | bigint, format: string): Moment {
  return cached(format).parse(text);
}

/** Writes a moment by a format. */
export function formatDatetime(moment: Moment, format: string): string {
  return cached(format).format(moment);
}

/**
 * Reads a datetime whose format is not known: whole seconds since 1970, a date, or a date and time in ISO 8601 and the
 * other common orders. Throws a `TemplateError` for anything else.
 */
export function parseAnyDatetime(text: string | number): Moment {
  return guard(() => parseAny(String(text)));
}

/** Reads an ISO 8601 duration: `P1DT2H`, `-P2W`, `P1Y6M`. Throws a `TemplateError` for anything else. */
export function parseDuration(text: string): Duration {
  return guard(() => readDuration(text));
}

/** A moment and a duration later: first years and months, the day kept within its month, then the rest. */
export function addDuration(moment: Moment, duration: Duration): Moment {
  return guard(() => move(moment, duration, 1));
}

/** A moment less a duration. */
export function subtractDuration(moment: Moment, duration: Duration): Moment {
  return guard(() => move(moment, duration, -1));
}

function move(moment: Moment, duration: Duration, sign: 1 | -1): Moment {
  if (duration instanceof CalendarDuration) return addMonths(moment, duration, sign) as Moment;
  return addSpan(moment, sign > 0 ? duration : negate(duration)) as Moment;
}

/** Negative, zero or positive, as `a` is before, at or after `b`. */
export function compareMoments(a: Moment, b: Moment): number {
  const difference = a.utcMicros() - b.utcMicros();
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The moment, in UTC, that is a number of microseconds after 1970-01-01T00:00Z. */
export function momentFromMicros(micros: bigint): Moment {
  return guard(() => fromMicros(micros, UTC));
}

/** The present moment in UTC, or that of a clock in milliseconds. */
export function momentNow(clock: () => number = Date.now): Moment {
  return momentFromMicros(BigInt(Math.trunc(clock() * 1000)));
}
