import { Failure, valueError } from '../error.js';
import { DateTime } from '../values/date-time.js';
import { UTC, type Zone } from '../values/zone.js';
import { YEAR_MAX } from './calendar.js';
import { roundToEven } from './parse-duration.js';

/**
 * Seconds since the epoch as a double, as Python's `timestamp()` has it. Microseconds are rounded to what a double
 * holds (about 0.2 µs in this century); the formats below build on it and so round as the reference does.
 */
export function timestampOf(moment: DateTime): number {
  return Number(moment.utcMicros()) / 1_000_000;
}

/** `datetime.fromtimestamp(seconds, utc)`. */
export function fromTimestamp(seconds: number | bigint, zone: Zone = UTC): DateTime {
  if (typeof seconds === 'bigint' || Number.isInteger(seconds)) return fromMicros(BigInt(seconds) * 1_000_000n, zone);
  if (Number.isNaN(seconds)) throw valueError('Invalid value NaN (not a number)');
  if (!Number.isFinite(seconds)) throw new Failure('OverflowError', 'cannot convert float infinity to integer');
  const whole = Math.floor(seconds);
  return fromMicros(BigInt(whole) * 1_000_000n + BigInt(roundToEven((seconds - whole) * 1_000_000)), zone);
}

/** The moment of a count of microseconds; a year that Python does not know fails. */
export function fromMicros(micros: bigint, zone: Zone = UTC): DateTime {
  const limit = 400_000_000_000_000_000n;
  if (micros > limit || micros < -limit) throw valueError(`year is out of range 1..${YEAR_MAX}`);
  return DateTime.fromMicros(micros, zone);
}
