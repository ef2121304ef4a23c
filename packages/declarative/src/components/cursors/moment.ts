import { DateTime, parseDuration, UTC } from '@tidemark/interpolation';
import { ConnectorError } from '@tidemark/source';

/** A moment, exact to the microsecond, in the zone that it was read with. */
export type Moment = DateTime;
/** A length of time; with years or months it hangs on where it is counted from. */
export type Span = ReturnType<typeof parseDuration>;

/** Negative, zero or positive: which moment is the earlier one, whatever their zones. */
export function compareMoments(a: Moment, b: Moment): number {
  const [left, right] = [a.utcMicros(), b.utcMicros()];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The moment of a clock that counts milliseconds since the epoch. */
export function momentOf(milliseconds: number): Moment {
  return DateTime.fromMicros(BigInt(Math.round(milliseconds * 1000)), UTC);
}

/** A moment of a wall clock in the same zone as another. */
export function momentAt(fields: Parameters<typeof DateTime.at>[0], like: Moment): Moment {
  return DateTime.at(fields, like.zone);
}

/** Reads an ISO 8601 duration. Throws ConnectorError (config) that names the field. */
export function readSpan(text: string, field: string): Span {
  try {
    return parseDuration(text);
  } catch {
    throw new ConnectorError('config', `The ${field} '${text}' is no ISO 8601 duration, such as P1D or PT1H.`);
  }
}

const isCalendar = (span: Span): span is Exclude<Span, { total(): bigint }> => 'years' in span;

/** True for a span of no length at all. */
export function isZero(span: Span): boolean {
  return isCalendar(span) ? span.years === 0 && span.months === 0 && span.rest.isZero() : span.isZero();
}

/** The length in microseconds; undefined when it hangs on the calendar. */
export function fixedMicros(span: Span): bigint | undefined {
  return isCalendar(span) ? undefined : span.total();
}

/** The moment before (-1) or after (1) by a span; undefined beyond the years 1 to 9999. */
export function shift(moment: Moment, span: Span, sign: 1 | -1): Moment | undefined {
  try {
    if (!isCalendar(span)) return shiftMicros(moment, BigInt(sign) * span.total());
    return shiftMicros(shiftMonths(moment, sign * (span.years * 12 + span.months)), BigInt(sign) * span.rest.total());
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    return undefined;
  }
}

/** The moment this many microseconds later. Throws beyond the years 1 to 9999. */
export function shiftMicros(moment: Moment, micros: bigint): Moment {
  return DateTime.fromMicros(moment.utcMicros() + micros, moment.zone ?? UTC);
}

/** The day is kept within its month: one month after January 31 is the last of February. */
function shiftMonths(moment: Moment, months: number): Moment {
  if (!Number.isInteger(months))
    throw new ConnectorError('config', 'A span of years or months cannot have a fraction of them.');
  const { year, month, day } = moment.date;
  const at = year * 12 + month - 1 + months;
  const [newYear, newMonth] = [Math.floor(at / 12), (((at % 12) + 12) % 12) + 1];
  const lastDay = new Date(Date.UTC(2000 + (newYear % 400), newMonth, 0)).getUTCDate();
  const date = DateTime.at([newYear, newMonth, Math.min(day, lastDay)], moment.zone);
  return new DateTime(date.ordinal, moment.micros, moment.zone);
}
