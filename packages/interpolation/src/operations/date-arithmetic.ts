import { daysInMonth } from '../datetime/calendar.js';
import { Failure, typeError, valueError } from '../error.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { Duration } from '../values/duration.js';
import { Float, float, int, isFloat, isIntLike, isNumber, toDouble } from '../values/float.js';
import { DAY_MICROS } from '../values/temporal.js';
import { TimeDelta } from '../values/time-delta.js';
import { type ArithmeticOperator, ratio } from './number-arithmetic.js';

/** Arithmetic in which a date, a span or a duration takes part; undefined when the two do not go together. */
export function dates(left: unknown, operator: ArithmeticOperator, right: unknown): unknown {
  if (operator === '+') return plus(left, right);
  if (operator === '-') return minus(left, right);
  if (operator === '*') return times(left, right) ?? times(right, left);
  return left instanceof TimeDelta ? dividedBy(left, operator, right) : undefined;
}

function plus(left: unknown, right: unknown): unknown {
  if (left instanceof Duration || right instanceof Duration) {
    if (right instanceof Duration) return addDuration(left, right, 1);
    return addDuration(right, left as Duration, 1);
  }
  if (left instanceof PyDate && right instanceof TimeDelta) return addSpan(left, right);
  if (left instanceof TimeDelta && right instanceof PyDate) return addSpan(right, left);
  if (left instanceof TimeDelta && right instanceof TimeDelta)
    return TimeDelta.fromMicros(left.total() + right.total());
  return undefined;
}

function minus(left: unknown, right: unknown): unknown {
  if (right instanceof Duration) return addDuration(left, right, -1);
  if (left instanceof Duration) {
    return right instanceof TimeDelta
      ? new Duration(left.years, left.months, sum(left.rest, negate(right)))
      : undefined;
  }
  if (right instanceof TimeDelta) {
    if (left instanceof TimeDelta) return TimeDelta.fromMicros(left.total() - right.total());
    if (left instanceof DateTime) return addSpan(left, negate(right));
    // A plain date looks at the days alone, before the sign is changed.
    return left instanceof PyDate ? new PyDate(left.ordinal - right.days) : undefined;
  }
  if (left instanceof DateTime !== right instanceof DateTime) return undefined;
  if (left instanceof DateTime && right instanceof DateTime) {
    if (!left.zone !== !right.zone) throw typeError("can't subtract offset-naive and offset-aware datetimes");
    return TimeDelta.fromMicros(left.utcMicros() - right.utcMicros());
  }
  if (left instanceof PyDate && right instanceof PyDate) return new TimeDelta(left.ordinal - right.ordinal, 0);
  return undefined;
}

const sum = (a: TimeDelta, b: TimeDelta) => TimeDelta.fromMicros(a.total() + b.total());

export function negate(span: TimeDelta): TimeDelta {
  return TimeDelta.fromMicros(-span.total());
}

/** A date moves by whole days; a datetime by the whole span. */
export function addSpan(date: PyDate, span: TimeDelta): PyDate {
  if (!(date instanceof DateTime)) return new PyDate(date.ordinal + span.days);
  const micros = date.micros + span.micros;
  const over = micros >= DAY_MICROS ? 1 : 0;
  return new DateTime(date.ordinal + span.days + over, micros - over * DAY_MICROS, date.zone);
}

/**
 * Adds or takes away a duration: first months and years, the day kept within its month, then the rest.
 * The rule is XML Schema's, as isodate follows it.
 */
export function addDuration(other: unknown, duration: Duration, sign: 1 | -1): unknown {
  if (other instanceof PyDate) {
    if (!Number.isInteger(duration.years) || !Number.isInteger(duration.months)) {
      throw valueError('fractional years or months not supported for date calculations');
    }
    const { year, month, day } = other.date;
    const months = month - 1 + sign * duration.months;
    const carry = Math.floor(months / 12);
    const newYear = year + sign * duration.years + carry;
    const newMonth = months - carry * 12 + 1;
    const moved = PyDate.of(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
    const target = other instanceof DateTime ? new DateTime(moved.ordinal, other.micros, other.zone) : moved;
    return sign > 0 ? plus(target, duration.rest) : minus(target, duration.rest);
  }
  const base = other instanceof TimeDelta ? new Duration(0, 0, other) : other;
  if (!(base instanceof Duration)) return undefined;
  const rest = sign > 0 ? duration.rest : negate(duration.rest);
  return new Duration(base.years + sign * duration.years, base.months + sign * duration.months, sum(base.rest, rest));
}

function times(span: unknown, factor: unknown): unknown {
  if (span instanceof Duration && isIntLike(factor)) {
    const n = Number(factor);
    return new Duration(span.years * n, span.months * n, TimeDelta.fromMicros(span.rest.total() * BigInt(factor)));
  }
  if (!(span instanceof TimeDelta) || !isNumber(factor)) return undefined;
  if (isIntLike(factor)) return TimeDelta.fromMicros(span.total() * BigInt(factor));
  const [top, bottom] = fraction(toDouble(factor));
  return TimeDelta.fromMicros(divideToEven(span.total() * top, bottom));
}

function dividedBy(span: TimeDelta, operator: ArithmeticOperator, right: unknown): unknown {
  if (right instanceof TimeDelta) {
    const [a, b] = [span.total(), right.total()];
    if (operator === '/') return float(ratio(a, b));
    if (b === 0n) throw new Failure('ZeroDivisionError', 'integer division or modulo by zero');
    const floor = floorDivide(a, b);
    if (operator === '//') return int(floor);
    return operator === '%' ? TimeDelta.fromMicros(a - floor * b) : undefined;
  }
  if (!isNumber(right) || operator === '%' || operator === '**') return undefined;
  if (toDouble(right) === 0) throw new Failure('ZeroDivisionError', 'division by zero');
  if (isIntLike(right)) {
    const divide = operator === '/' ? divideToEven : floorDivide;
    return TimeDelta.fromMicros(divide(span.total(), BigInt(right)));
  }
  if (operator !== '/' || !isFloat(right)) return undefined;
  const [top, bottom] = fraction(right instanceof Float ? right.value : right);
  return TimeDelta.fromMicros(divideToEven(span.total() * bottom, top));
}

function floorDivide(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return (a - rest) / b - (rest !== 0n && rest < 0n !== b < 0n ? 1n : 0n);
}

/** Division to the nearest whole number, halves to the even one. */
function divideToEven(a: bigint, b: bigint): bigint {
  const floor = floorDivide(a, b);
  const rest = (a - floor * b) * 2n;
  const size = b < 0n ? -b : b;
  const over = rest < 0n ? -rest : rest;
  return over > size || (over === size && floor % 2n !== 0n) ? floor + 1n : floor;
}

/** A double as an exact fraction. */
function fraction(value: number): [top: bigint, bottom: bigint] {
  if (!Number.isFinite(value)) throw valueError('cannot convert float NaN or infinity to integer ratio');
  let bottom = 1n;
  let top = value;
  while (!Number.isInteger(top)) {
    top *= 2;
    bottom *= 2n;
  }
  return [BigInt(top), bottom];
}
