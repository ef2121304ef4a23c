/** A double as digits: its value is 0.d1d2d3… × 10^point, exactly or rounded half to even. */
export interface DecimalDigits {
  digits: string;
  /** Place of the decimal point, counted from before the first digit. */
  point: number;
}

/** The double as an exact fraction: mantissa × 2^exponent. */
function decompose(value: number): [mantissa: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return exponent === 0 ? [fraction, -1074] : [fraction | (1n << 52n), exponent - 1075];
}

/** value × 10^places as whole number, rounded half to even. The value must be finite and not negative. */
function scaled(value: number, places: number): bigint {
  const [mantissa, exponent] = decompose(value);
  let top = mantissa;
  let bottom = 1n;
  if (exponent >= 0) top <<= BigInt(exponent);
  else bottom <<= BigInt(-exponent);
  if (places >= 0) top *= 10n ** BigInt(places);
  else bottom *= 10n ** BigInt(-places);
  const whole = top / bottom;
  const rest = (top % bottom) * 2n;
  return rest > bottom || (rest === bottom && whole % 2n === 1n) ? whole + 1n : whole;
}

/** Digits with `places` of them after the point. JavaScript's `toFixed` rounds halves up, Python to even. */
export function fixedDigits(value: number, places: number): string {
  const text = scaled(Math.abs(value), places).toString();
  if (places <= 0) return places < 0 && text !== '0' ? text + '0'.repeat(-places) : text;
  const padded = text.padStart(places + 1, '0');
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

/** The first `count` digits. */
export function significantDigits(value: number, count: number): DecimalDigits {
  const size = Math.abs(value);
  if (size === 0) return { digits: '0'.repeat(count), point: 1 };
  let point = Math.floor(Math.log10(size)) + 1;
  let text = scaled(size, count - point).toString();
  // The logarithm may be one off, and rounding may carry into one more digit.
  while (text.length !== count) {
    point += text.length - count;
    text = scaled(size, count - point).toString();
  }
  return { digits: text, point };
}

/** Python's `round(value, places)` of a float. */
export function roundDouble(value: number, places: number): number {
  if (!Number.isFinite(value) || value === 0 || places > 340) return value;
  if (places < -310) return value < 0 ? -0 : 0;
  const result = Number(`${scaled(Math.abs(value), places)}e${-places}`);
  return value < 0 ? -result : result;
}
