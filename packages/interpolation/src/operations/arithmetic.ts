import { typeError } from '../error.js';
import { formatPercent } from '../formatting/percent.js';
import { DictView } from '../values/dict-view.js';
import { Duration } from '../values/duration.js';
import { Float, float, isNumber } from '../values/float.js';
import { isText } from '../values/markup.js';
import { PySet } from '../values/set.js';
import { Temporal } from '../values/temporal.js';
import { TimeDelta } from '../values/time-delta.js';
import { Undefined } from '../values/undefined.js';
import { dates, negate } from './date-arithmetic.js';
import { toArray } from './iterate.js';
import { type ArithmeticOperator, numbers } from './number-arithmetic.js';
import { concatenate, repeat } from './sequence-arithmetic.js';
import { typeName } from './type-name.js';

/** Python's binary arithmetic. */
export function arithmetic(left: unknown, operator: ArithmeticOperator, right: unknown): unknown {
  if (isNumber(left) && isNumber(right)) return numbers(left, operator, right);
  if (operator === '%' && isText(left)) return formatPercent(left, right);
  if (left instanceof Undefined) throw left.fail();
  if (right instanceof Undefined) throw right.fail();
  const result = combine(left, operator, right);
  if (result === undefined) throw unsupported(left, operator, right);
  return result;
}

function combine(left: unknown, operator: ArithmeticOperator, right: unknown): unknown {
  if (left instanceof Temporal || right instanceof Temporal) return dates(left, operator, right);
  if (operator === '+') return concatenate(left, right);
  if (operator === '*') return repeat(left, right) ?? repeat(right, left);
  return operator === '-' ? difference(left, right) : undefined;
}

/** Sets and the keys and items of dicts can be taken from each other. */
function difference(left: unknown, right: unknown): unknown {
  if (left instanceof PySet && right instanceof PySet)
    return new PySet([...left.items()].filter((item) => !right.has(item)));
  const isView = (value: unknown) => value instanceof DictView && value.part !== 'values';
  if (!isView(left) && !isView(right)) return undefined;
  const taken = new PySet(toArray(right));
  return new PySet(toArray(left).filter((item) => !taken.has(item)));
}

function unsupported(left: unknown, operator: string, right: unknown) {
  return typeError(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
}

/** `left + right`, with the common cases first. */
export function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'number' && typeof right === 'number') {
    const result = left + right;
    if (Number.isInteger(left) && Number.isInteger(right) && Number.isSafeInteger(result))
      return result === 0 ? 0 : result;
  }
  return arithmetic(left, '+', right);
}

/** `-value` */
export function negative(value: unknown): unknown {
  if (isNumber(value)) {
    if (typeof value === 'bigint') return numbers(0, '-', value);
    if (value instanceof Float) return float(-value.value);
    const result = -value;
    return result === 0 ? 0 : result;
  }
  if (value instanceof TimeDelta) return negate(value);
  if (value instanceof Duration) return new Duration(-value.years, -value.months, negate(value.rest));
  throw unaryFailure(value, '-');
}

/** `+value` */
export function positive(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (isNumber(value) || value instanceof TimeDelta) return value;
  throw unaryFailure(value, '+');
}

function unaryFailure(value: unknown, operator: string) {
  if (value instanceof Undefined) return value.fail();
  return typeError(`bad operand type for unary ${operator}: '${typeName(value)}'`);
}
