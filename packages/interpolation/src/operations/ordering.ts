import { spend } from '../budget.js';
import { type Failure, typeError } from '../error.js';
import { Bytes } from '../values/bytes.js';
import { PyDate } from '../values/date.js';
import { DateTime } from '../values/date-time.js';
import { DictView } from '../values/dict-view.js';
import { Float, isNumber } from '../values/float.js';
import { isText, plain } from '../values/markup.js';
import { PySet } from '../values/set.js';
import { Time } from '../values/time.js';
import { TimeDelta } from '../values/time-delta.js';
import { Tuple } from '../values/tuple.js';
import { Undefined } from '../values/undefined.js';
import { compareText } from './code-points.js';
import { equal } from './equality.js';
import { typeName } from './type-name.js';

export type OrderOperator = '<' | '<=' | '>' | '>=';

/** Python's `left < right` and its kin. Values of kinds that have no order among them fail. */
export function ordered(left: unknown, operator: OrderOperator, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number')
    return decide(left < right ? -1 : left > right ? 1 : left === right ? 0 : Number.NaN, operator);
  if (isSet(left) && isSet(right)) return setOrder(left, operator, right);
  return decide(compare(left, right, operator), operator);
}

/** For sorting: whether `left` comes before `right`. */
export function before(left: unknown, right: unknown): boolean {
  return ordered(left, '<', right);
}

function decide(sign: number, operator: OrderOperator): boolean {
  if (operator === '<') return sign < 0;
  if (operator === '>') return sign > 0;
  return operator === '<=' ? sign <= 0 : sign >= 0;
}

/** Negative, zero or positive; NaN when neither comes first. */
function compare(left: unknown, right: unknown, operator: OrderOperator): number {
  if (left instanceof Undefined) throw left.fail();
  if (right instanceof Undefined) throw right.fail();
  if (isText(left) && isText(right)) return compareText(plain(left), plain(right));
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (Array.isArray(left) && Array.isArray(right)) return compareArrays(left, right, operator);
  if (left instanceof Tuple && right instanceof Tuple) return compareArrays(left.items, right.items, operator);
  if (left instanceof PyDate && right instanceof PyDate) return compareDates(left, right, operator);
  if (left instanceof TimeDelta && right instanceof TimeDelta) return sign(left.total() - right.total());
  if (left instanceof Time && right instanceof Time) return compareTimes(left, right);
  if (left instanceof Bytes && right instanceof Bytes) return compareArrays([...left.data], [...right.data], operator);
  throw notOrdered(left, operator, right);
}

const sign = (value: bigint) => (value < 0n ? -1 : value > 0n ? 1 : 0);

function notOrdered(left: unknown, operator: OrderOperator, right: unknown): Failure {
  return typeError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

function compareNumbers(left: number | bigint | boolean | Float, right: number | bigint | boolean | Float): number {
  const a = left instanceof Float ? left.value : left;
  const b = right instanceof Float ? right.value : right;
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
}

function compareArrays(left: readonly unknown[], right: readonly unknown[], operator: OrderOperator): number {
  const shared = Math.min(left.length, right.length);
  spend(shared);
  for (let i = 0; i < shared; i++) {
    if (left[i] !== right[i] && !equal(left[i], right[i])) {
      if (ordered(left[i], operator, right[i])) return operator.startsWith('<') ? -1 : 1;
      return operator.startsWith('<') ? 1 : -1;
    }
  }
  return left.length - right.length;
}

function compareDates(left: PyDate, right: PyDate, operator: OrderOperator): number {
  if (left instanceof DateTime && right instanceof DateTime) {
    if (!left.zone !== !right.zone) throw typeError("can't compare offset-naive and offset-aware datetimes");
    return sign(left.utcMicros() - right.utcMicros());
  }
  if (left instanceof DateTime || right instanceof DateTime) throw notOrdered(left, operator, right);
  return left.ordinal - right.ordinal;
}

function compareTimes(left: Time, right: Time): number {
  if (!left.zone !== !right.zone) throw typeError("can't compare offset-naive and offset-aware times");
  return left.micros - (left.zone?.offsetMicros ?? 0) - (right.micros - (right.zone?.offsetMicros ?? 0));
}

const isSet = (value: unknown): value is PySet | DictView =>
  value instanceof PySet || (value instanceof DictView && value.part !== 'values');

/** Sets are ordered by inclusion. */
function setOrder(left: PySet | DictView, operator: OrderOperator, right: PySet | DictView): boolean {
  const a = left instanceof PySet ? left : new PySet(left.toArray());
  const b = right instanceof PySet ? right : new PySet(right.toArray());
  const [small, large] = operator.startsWith('<') ? [a, b] : [b, a];
  const included = [...small.items()].every((item) => large.has(item));
  return included && (operator.length === 2 || small.size < large.size);
}
