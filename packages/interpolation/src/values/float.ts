import { PythonObject } from './python-object.js';

/**
 * A float that a plain number cannot stand for: one without a fraction (1.0, -0.0, 1e+16).
 * For a whole number as plain number is an int, every other plain number a float, and ints that no double holds are
 * bigint. JSON cannot tell 1 from 1.0; read from a context both are ints. Whole numbers of 1e21 and more are floats,
 * since nobody writes them out: JavaScript itself prints them with an exponent.
 */
export class Float extends PythonObject {
  readonly type = 'float';
  constructor(readonly value: number) {
    super();
  }
}

const WHOLE_MAX = 1e21;

/** Whether a plain number stands for an int. */
export function isWhole(value: number): boolean {
  return Number.isInteger(value) && value < WHOLE_MAX && value > -WHOLE_MAX;
}

/** A JavaScript number as Python float. */
export function float(value: number): number | Float {
  return isWhole(value) ? new Float(value) : value;
}

/** Whether a value is a Python float. */
export function isFloat(value: unknown): value is number | Float {
  return (typeof value === 'number' && !isWhole(value)) || value instanceof Float;
}

/** Whether a value is a Python int that is no bool. */
export function isInt(value: unknown): value is number | bigint {
  return (typeof value === 'number' && isWhole(value)) || typeof value === 'bigint';
}

/** Whether a value is an int as Python's `isinstance(x, int)` sees it: booleans are. */
export function isIntLike(value: unknown): value is number | bigint | boolean {
  return isInt(value) || typeof value === 'boolean';
}

/** Whether a value is a number of any kind, booleans included. */
export function isNumber(value: unknown): value is number | bigint | boolean | Float {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof Float;
}

/** A bigint as int: a plain number where that is exact and safe. */
export function int(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** The number behind a Python number, as a double. */
export function toDouble(value: number | bigint | boolean | Float): number {
  if (typeof value === 'number') return value;
  if (value instanceof Float) return value.value;
  return Number(value);
}
