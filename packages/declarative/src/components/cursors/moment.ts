import {
  addDuration,
  compareMoments,
  type Duration,
  type Moment,
  momentNow,
  parseDuration,
  subtractDuration,
} from '@tidemark/interpolation';
import { ConnectorError } from '@tidemark/source';

export { compareMoments, type Moment };
/** A length of time; with years or months it hangs on where it is counted from. */
export type Span = Duration;

const DAY_MICROS = 86_400_000_000n;

/** The moment of a clock that counts milliseconds since the epoch. */
export const momentOf = (milliseconds: number): Moment => momentNow(() => milliseconds);

/** The later of two moments, the first when they are the same. */
export const later = (a: Moment, b: Moment): Moment => (compareMoments(a, b) < 0 ? b : a);

/** Reads an ISO 8601 duration. Throws ConnectorError (config) that names the field. */
export function readSpan(text: string, field: string): Span {
  try {
    return parseDuration(text);
  } catch {
    throw new ConnectorError('config', `The ${field} '${text}' is no ISO 8601 duration, such as P1D or PT1H.`);
  }
}

/** The length in microseconds; undefined when it hangs on the calendar. */
export function fixedMicros(span: Span): bigint | undefined {
  return 'years' in span ? undefined : span.total();
}

/** Longer than nothing (1), no length at all (0), or backwards (-1), by its largest part. */
export function signOf(span: Span): number {
  const parts = 'years' in span ? [span.years, span.months, span.rest.total()] : [span.total()];
  const first = parts.find((part) => Number(part) !== 0);
  return first === undefined ? 0 : Math.sign(Number(first));
}

/** The moment before (-1) or after (1) by a span; undefined beyond the years 1 to 9999. */
export function shift(moment: Moment, span: Span, sign: 1 | -1): Moment | undefined {
  if ('years' in span && !(Number.isInteger(span.years) && Number.isInteger(span.months))) {
    throw new ConnectorError('config', 'A span of years or months cannot have a fraction of them.');
  }
  try {
    return sign > 0 ? addDuration(moment, span) : subtractDuration(moment, span);
  } catch {
    return undefined;
  }
}

/** The moment this many microseconds later, earlier when there are fewer than none. Throws beyond the years 1 to 9999. */
export function shiftMicros(moment: Moment, micros: bigint): Moment {
  return micros < 0n ? subtractDuration(moment, spanOf(-micros)) : addDuration(moment, spanOf(micros));
}

function spanOf(micros: bigint): Span {
  const rest = micros % DAY_MICROS;
  return parseDuration(`P${micros / DAY_MICROS}DT${rest / 1_000_000n}.${String(rest % 1_000_000n).padStart(6, '0')}S`);
}
