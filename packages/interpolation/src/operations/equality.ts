import { spend, spendScan } from '../budget.js';
import { Bytes } from '../values/bytes.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { Dict } from '../values/dict.js';
import { DictView } from '../values/dict-view.js';
import { Duration } from '../values/duration.js';
import { Float, isNumber } from '../values/float.js';
import { getKey, isHostDict, type Mapping, pairsOf, sizeOf } from '../values/mapping.js';
import { Markup } from '../values/markup.js';
import { PySet } from '../values/set.js';
import { Time } from '../values/time.js';
import { TimeDelta } from '../values/time-delta.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { Zone } from '../values/zone.js';

/** Python's `left == right`. Never fails. */
export function equal(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    spendScan(Math.min(left.length, right.length));
    return left === right;
  }
  if (left === right) return !Number.isNaN(left);
  const kind = typeof left;
  if (kind === 'string') return right instanceof Markup && right.markup === left;
  if (kind === 'number' || kind === 'bigint' || kind === 'boolean')
    return isNumber(right) && numbersEqual(left as number, right);
  if (typeof right !== 'object' || right === null)
    return left !== null && kind === 'object' && equalToPlain(left as object, right);
  return left !== null && kind === 'object' && objectsEqual(left as object, right);
}

function numbersEqual(left: number | bigint | boolean | Float, right: number | bigint | boolean | Float): boolean {
  const a = left instanceof Float ? left.value : left;
  const b = right instanceof Float ? right.value : right;
  // Ordering compares a bigint with a double exactly; converting either would round.
  if (typeof a === 'bigint' || typeof b === 'bigint') return a >= b && a <= b;
  return Number(a) === Number(b);
}

function equalToPlain(left: object, right: unknown): boolean {
  if (left instanceof Markup) return left.markup === right;
  return left instanceof Float && isNumber(right) && numbersEqual(left, right);
}

function objectsEqual(left: object, right: object): boolean {
  if (Array.isArray(left)) return Array.isArray(right) && arraysEqual(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && arraysEqual(left.items, right.items);
  if (left instanceof Dict || isHostDict(left))
    return (right instanceof Dict || isHostDict(right)) && dictsEqual(left, right);
  if (left instanceof Float) return isNumber(right) && numbersEqual(left, right);
  if (left instanceof Undefined) return right instanceof Undefined;
  if (left instanceof Markup) return right instanceof Markup && left.markup === right.markup;
  if (left instanceof PyDate) return right instanceof PyDate && datesEqual(left, right);
  if (left instanceof TimeDelta) return spansEqual(left, right);
  if (left instanceof Duration) return spansEqual(left, right);
  if (left instanceof Time)
    return right instanceof Time && !left.zone === !right.zone && timeMicros(left) === timeMicros(right);
  if (left instanceof Zone)
    return right instanceof Zone && left.offsetMicros === right.offsetMicros && left.type === right.type;
  if (left instanceof Bytes) return right instanceof Bytes && arraysEqual([...left.data], [...right.data]);
  const a = asSet(left);
  const b = asSet(right);
  return a !== undefined && b !== undefined && a.size === b.size && [...a.items()].every((item) => b.has(item));
}

const timeMicros = (time: Time) => time.micros - (time.zone?.offsetMicros ?? 0);

function asSet(value: object): PySet | undefined {
  if (value instanceof PySet) return value;
  return value instanceof DictView && value.part !== 'values' ? new PySet(value.toArray()) : undefined;
}

function arraysEqual(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  spend(left.length);
  return left.every((item, index) => item === right[index] || equal(item, right[index]));
}

function dictsEqual(left: Mapping, right: Mapping): boolean {
  if (sizeOf(left) !== sizeOf(right)) return false;
  spend(sizeOf(left));
  return pairsOf(left).every(([key, value]) => {
    const other = getKey(right, key);
    return other !== undefined && (value === other || equal(value, other));
  });
}

function datesEqual(left: PyDate, right: PyDate): boolean {
  if (left instanceof DateTime && right instanceof DateTime) {
    return !left.zone === !right.zone && left.utcMicros() === right.utcMicros();
  }
  return !(left instanceof DateTime) && !(right instanceof DateTime) && left.ordinal === right.ordinal;
}

/** A duration of no years and months equals a timedelta. */
function spansEqual(left: TimeDelta | Duration, right: object): boolean {
  const a = left instanceof Duration ? left : new Duration(0, 0, left);
  const b = right instanceof TimeDelta ? new Duration(0, 0, right) : right;
  return (
    b instanceof Duration && a.years * 12 + a.months === b.years * 12 + b.months && a.rest.total() === b.rest.total()
  );
}
