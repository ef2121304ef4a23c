/** Whole numbers with more digits than these, and numbers with more zeros behind the point, are written with an exponent. */
const PLAIN_DIGITS_MAX = 15;
const PLAIN_ZEROS_MAX = 14;

/** A double as MySQL writes it in JSON: `1.0`, `0.0000001`, `1e22`. The digits are the fewest that are this number. */
export function doubleText(value: number): string {
  const [, sign, lead, rest = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential())!;
  const minus = Object.is(value, -0) ? '-' : sign!;
  const digits = lead! + rest;
  // Where the point stands: behind so many digits.
  const point = Number(exponent) + 1;
  if (point <= 0) {
    if (-point > PLAIN_ZEROS_MAX) return `${minus}${withExponent(digits, point)}`;
    return `${minus}0.${'0'.repeat(-point)}${digits}`;
  }
  if (digits.length > point) return `${minus}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > PLAIN_DIGITS_MAX) return `${minus}${withExponent(digits, point)}`;
  return `${minus}${digits.padEnd(point, '0')}.0`;
}

function withExponent(digits: string, point: number): string {
  return `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${point - 1}`;
}

/** Bytes that hold so many decimal digits. */
const BYTES_OF = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
const GROUP = 9;

/** A decimal in the server's own form, behind its precision and scale: groups of nine digits, the sign in the first bit. */
export function decimalText(bytes: Buffer): string {
  const [precision, scale] = [bytes[0]!, bytes[1]!];
  const isNegative = (bytes[2]! & 0x80) === 0;
  const body = Buffer.from(bytes.subarray(2));
  body[0]! ^= 0x80;
  if (isNegative) for (let i = 0; i < body.length; i++) body[i]! ^= 0xff;
  let at = 0;
  const group = (digits: number): string => {
    const size = BYTES_OF[digits]!;
    if (size === 0) return '';
    at += size;
    return String(body.readUIntBE(at - size, size)).padStart(digits, '0');
  };
  const groups = (digits: number): string =>
    Array.from({ length: Math.floor(digits / GROUP) }, () => group(GROUP)).join('');
  const whole = group((precision - scale) % GROUP) + groups(precision - scale);
  const fraction = groups(scale) + group(scale % GROUP);
  const text = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${isNegative ? '-' : ''}${text}${scale > 0 ? `.${fraction}` : ''}`;
}
