import { Failure } from '../error.js';
import type { Numeric } from '../operations/number-arithmetic.js';
import { Bytes } from '../values/bytes.js';
import { type Float, float, int, toDouble } from '../values/float.js';
import { Tuple } from '../values/tuple.js';
import { intArgument, textArgument } from './arguments.js';
import { members } from './member.js';

type Int = number | bigint | boolean;

const asInt = (self: Int) => (typeof self === 'boolean' ? Number(self) : self);
const binary = (self: Int) => BigInt(self).toString(2).replace('-', '');

function toBytes(self: Int, [length, order]: unknown[]): Bytes {
  const size = intArgument(length, 1);
  const value = BigInt(self);
  if (value < 0n) throw new Failure('OverflowError', "can't convert negative int to unsigned");
  if (size > 100_000 || value >= 1n << BigInt(size * 8)) throw new Failure('OverflowError', 'int too big to convert');
  const data = Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * (size - 1 - i))) & 255n));
  return new Bytes(order !== undefined && textArgument(order) === 'little' ? data.reverse() : data);
}

export const intMembers = members<Int>({
  real: asInt,
  imag: () => 0,
  numerator: asInt,
  denominator: () => 1,
  conjugate: ['', asInt],
  bit_length: ['', (self) => (BigInt(self) === 0n ? 0 : binary(self).length)],
  bit_count: ['', (self) => binary(self).replaceAll('0', '').length],
  as_integer_ratio: ['', (self) => new Tuple([asInt(self), 1])],
  to_bytes: ['length=1, byteorder="big"', toBytes],
});

/** A double as the exact fraction of two ints. */
function integerRatio(self: Numeric): Tuple {
  const value = toDouble(self);
  if (!Number.isFinite(value))
    throw new Failure(Number.isNaN(value) ? 'ValueError' : 'OverflowError', 'cannot convert to integer ratio');
  let top = value;
  let bottom = 1n;
  while (!Number.isInteger(top)) {
    top *= 2;
    bottom *= 2n;
  }
  return new Tuple([int(BigInt(top)), int(bottom)]);
}

/** A double's hexadecimal notation, `0x1.8000000000000p+1`. */
function hex(self: Numeric): string {
  const value = toDouble(self);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0x0.0p+0`;
  let exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(value))));
  let mantissa = Math.abs(value) / 2 ** exponent;
  if (mantissa >= 2) {
    mantissa /= 2;
    exponent++;
  }
  const whole = Math.floor(mantissa);
  const digits = Math.round((mantissa - whole) * 2 ** 52)
    .toString(16)
    .padStart(13, '0');
  return `${sign}0x${whole}.${digits}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

export const floatMembers = members<number | Float>({
  real: (self) => self,
  imag: () => float(0),
  conjugate: ['', (self) => self],
  is_integer: ['', (self) => Number.isInteger(toDouble(self))],
  as_integer_ratio: ['', integerRatio],
  hex: ['', hex],
});
