import { spend } from '../budget.js';
import { Failure } from '../error.js';
import { type Float, float, int, isFloat, toDouble } from '../values/float.js';

/** A Python number: int, bool or float. */
export type Numeric = number | bigint | boolean | Float;
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** Bits of the largest int that a template may make. */
const INT_BITS_MAX = 1_000_000;

/** Arithmetic between two numbers, ints exact at any size. */
export function numbers(left: Numeric, operator: ArithmeticOperator, right: Numeric): unknown {
  if (operator === '/') return divide(left, right);
  if (isFloat(left) || isFloat(right)) return float(doubles(asDouble(left), operator, asDouble(right)));
  const a = typeof left === 'boolean' ? Number(left) : left;
  const b = typeof right === 'boolean' ? Number(right) : right;
  if (typeof a === 'number' && typeof b === 'number' && operator !== '**') {
    const quick = smallInts(a, operator, b);
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
  }
  return bigInts(BigInt(a as number | bigint), operator, BigInt(b as number | bigint));
}

function smallInts(a: number, operator: ArithmeticOperator, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (b === 0) throw divisionByZero('integer division or modulo by zero');
  let rest = a % b;
  if (rest !== 0 && rest < 0 !== b < 0) rest += b;
  if (operator === '%') return rest;
  return Number.isSafeInteger(a - rest) ? (a - rest) / b : Number.NaN;
}

function bigInts(a: bigint, operator: ArithmeticOperator, b: bigint): unknown {
  spend((bits(a) + bits(b)) >> 5);
  if (operator === '+') return int(a + b);
  if (operator === '-') return int(a - b);
  if (operator === '**') return power(a, b);
  if (operator === '*') {
    if (bits(a) + bits(b) > INT_BITS_MAX) throw tooLarge();
    return int(a * b);
  }
  if (b === 0n) throw divisionByZero('integer division or modulo by zero');
  let rest = a % b;
  if (rest !== 0n && rest < 0n !== b < 0n) rest += b;
  return int(operator === '%' ? rest : (a - rest) / b);
}

function power(base: bigint, exponent: bigint): unknown {
  if (exponent < 0n) {
    if (base === 0n) throw divisionByZero('0.0 cannot be raised to a negative power');
    return float(doubles(asDouble(int(base)), '**', asDouble(int(exponent))));
  }
  if (base === 0n || base === 1n || base === -1n)
    return int(base ** (base === -1n ? exponent % 2n : exponent === 0n ? 0n : 1n));
  if (exponent > BigInt(INT_BITS_MAX) || bits(base) * Number(exponent) > INT_BITS_MAX) throw tooLarge();
  spend((bits(base) * Number(exponent)) >> 3);
  return int(base ** exponent);
}

const tooLarge = () => new Failure('BudgetError', 'the template was stopped: an int grew too large');
const divisionByZero = (message: string) => new Failure('ZeroDivisionError', message);

/** About how many bits an int has: never too few. */
function bits(value: bigint): number {
  if (value < 1n << 64n && value > -(1n << 64n)) return Math.ceil(Math.log2(Math.abs(Number(value)) + 1)) + 1;
  return value.toString(16).length * 4;
}

function doubles(a: number, operator: ArithmeticOperator, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (operator === '**') return doublePower(a, b);
  if (b === 0) throw divisionByZero(operator === '%' ? 'float modulo' : 'float floor division by zero');
  let rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0) {
    if (b < 0 !== rest < 0) {
      rest += b;
      quotient -= 1;
    }
  } else rest = b < 0 ? -0 : 0;
  if (operator === '%') return rest;
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function doublePower(a: number, b: number): number {
  if (a === 0 && b < 0) throw divisionByZero('0.0 cannot be raised to a negative power');
  // JavaScript has NaN for these, IEEE (and Python) have 1.
  if (a === 1 || b === 0 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1;
  if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b)) {
    throw new Failure('ValueError', 'a complex number is no result here');
  }
  const result =
    Number.isInteger(b) && Math.abs(b) <= EXACT_EXPONENT_MAX && Number.isFinite(a) ? exactPower(a, b) : a ** b;
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) {
    throw new Failure('OverflowError', 'Numerical result out of range');
  }
  return result;
}

/** Largest exponent for which the power is computed exactly and rounded once, as glibc's is; V8's may be a bit off. */
const EXACT_EXPONENT_MAX = 32;

function exactPower(base: number, exponent: number): number {
  if (base === 0) return base ** exponent;
  spend(100);
  const n = Math.abs(exponent);
  let scale = 0;
  let mantissa = Math.abs(base);
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    scale++;
  }
  const top = BigInt(mantissa) ** BigInt(n);
  const bottom = 1n << BigInt(scale * n);
  const size = rounded(exponent < 0 ? bottom : top, exponent < 0 ? top : bottom);
  return base < 0 && n % 2 === 1 ? -size : size;
}

/** `left / right`: always a float, rounded once even for ints that no double can hold. */
function divide(left: Numeric, right: Numeric): unknown {
  if (typeof left === 'bigint' || typeof right === 'bigint') {
    if (!isFloat(left) && !isFloat(right)) return float(ratio(BigInt(left as bigint), BigInt(right as bigint)));
  }
  const b = asDouble(right);
  if (b === 0) throw divisionByZero(isFloat(left) || isFloat(right) ? 'float division by zero' : 'division by zero');
  return float(asDouble(left) / b);
}

/** The double nearest to a / b. */
export function ratio(a: bigint, b: bigint): number {
  if (b === 0n) throw divisionByZero('division by zero');
  const size = rounded(a, b);
  if (!Number.isFinite(size)) throw new Failure('OverflowError', 'integer division result too large for a float');
  return size;
}

/** The double nearest to a / b, which may be infinite. */
function rounded(a: bigint, b: bigint): number {
  const negative = a < 0n !== b < 0n;
  const top = a < 0n ? -a : a;
  const bottom = b < 0n ? -b : b;
  // Enough bits that rounding the quotient, its remainder kept as a last bit, is rounding the truth.
  const shift = Math.max(0, 74 + bits(bottom) - bits(top));
  const scaled = top << BigInt(shift);
  const quotient = scaled / bottom;
  const sticky = scaled % bottom === 0n ? quotient : quotient | 1n;
  // In two steps: the whole power may be more than a double holds.
  const size = Number(sticky) / 2 ** Math.min(shift, 1000) / 2 ** Math.max(0, shift - 1000);
  return negative ? -size : size;
}

/** A number as double; an int too large for one fails. */
export function asDouble(value: Numeric): number {
  const result = toDouble(value);
  if (typeof value === 'bigint' && !Number.isFinite(result))
    throw new Failure('OverflowError', 'int too large to convert to float');
  return result;
}
