import { decimalText, doubleText } from './json-numbers.js';

// What MySQL keeps a JSON value as, and has in its log: a byte for the type, then the value. An object or array begins with how
// many members it has and how many bytes; then come, for objects, the places of the keys, and for both those of the values. Places
// count from there. Small ones have numbers of two bytes, large ones of four.

const SMALL = 2;
const LARGE = 4;
const LITERALS = ['null', 'true', 'false'];

/** The protocol's numbers of types that JSON has none for. */
const DECIMAL = 246;
const DATE = 10;
const TIME = 11;
const MOMENTS = new Set([7, 12, 17, 18]);
/** Base64 is broken into lines of so many characters. */
const LINE = 76;

/**
 * The text of a JSON value of the log, letter for letter as a statement's result has it: with every digit of a decimal, doubles as
 * the server writes them, keys in its order. Throws RangeError on a form that is not known.
 */
export function jsonText(bytes: Buffer): string {
  // What a column that is never null has in rows from before it was added.
  return bytes.length === 0 ? 'null' : valueText(bytes, bytes[0]!, 1);
}

function valueText(bytes: Buffer, type: number, at: number): string {
  switch (type) {
    case 0:
    case 1:
      return objectText(bytes, at, type === 0 ? SMALL : LARGE);
    case 2:
    case 3:
      return arrayText(bytes, at, type === 2 ? SMALL : LARGE);
    case 4:
      return LITERALS[bytes[at]!]!;
    case 5:
      return String(bytes.readInt16LE(at));
    case 6:
      return String(bytes.readUInt16LE(at));
    case 7:
      return String(bytes.readInt32LE(at));
    case 8:
      return String(bytes.readUInt32LE(at));
    case 9:
      return String(bytes.readBigInt64LE(at));
    case 10:
      return String(bytes.readBigUInt64LE(at));
    case 11:
      return doubleText(bytes.readDoubleLE(at));
    case 12:
      return JSON.stringify(counted(bytes, at).toString('utf8'));
    case 15:
      return otherText(bytes[at]!, counted(bytes, at + 1));
    default:
      throw new RangeError(`JSON in the binlog has a value of the unknown form ${type}`);
  }
}

function objectText(bytes: Buffer, start: number, size: number): string {
  const count = bytes.readUIntLE(start, size);
  const keys = start + 2 * size;
  const values = keys + count * (size + 2);
  const members = Array.from({ length: count }, (_, i) => {
    const at = keys + i * (size + 2);
    const from = start + bytes.readUIntLE(at, size);
    const key = bytes.toString('utf8', from, from + bytes.readUInt16LE(at + size));
    return `${JSON.stringify(key)}: ${memberText(bytes, start, values + i * (size + 1), size)}`;
  });
  return `{${members.join(', ')}}`;
}

function arrayText(bytes: Buffer, start: number, size: number): string {
  const values = start + 2 * size;
  const members = Array.from({ length: bytes.readUIntLE(start, size) }, (_, i) =>
    memberText(bytes, start, values + i * (size + 1), size),
  );
  return `[${members.join(', ')}]`;
}

/** A value whose type stands at `at`, and behind it the value itself where it fits there, else its place. */
function memberText(bytes: Buffer, start: number, at: number, size: number): string {
  const type = bytes[at]!;
  const isInside = (type >= 4 && type <= 6) || (size === LARGE && (type === 7 || type === 8));
  return valueText(bytes, type, isInside ? at + 1 : start + bytes.readUIntLE(at + 1, size));
}

/** Bytes behind their number, which has seven bits in a byte, the lowest first. */
function counted(bytes: Buffer, at: number): Buffer {
  let length = 0;
  let i = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[i++]!;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return bytes.subarray(i, i + length);
  }
}

function otherText(type: number, value: Buffer): string {
  if (type === DECIMAL) return decimalText(value);
  if (type === DATE || type === TIME || MOMENTS.has(type)) return `"${momentText(type, value.readBigInt64LE(0))}"`;
  const lines = value.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return JSON.stringify(`base64:type${type}:${lines.join('\n')}`);
}

/** From the highest bits: years times 13 and months, days, hours, minutes, seconds, millionths. Hours of a time may be many. */
function momentText(type: number, packed: bigint): string {
  const value = packed < 0n ? -packed : packed;
  const bits = (from: bigint, count: bigint): number => Number((value >> from) & ((1n << count) - 1n));
  const padded = (number: number, width = 2): string => String(number).padStart(width, '0');
  const months = bits(46n, 18n);
  const date = `${padded(Math.floor(months / 13), 4)}-${padded(months % 13)}-${padded(bits(41n, 5n))}`;
  if (type === DATE) return date;
  const clock = `${padded(bits(30n, 6n))}:${padded(bits(24n, 6n))}.${padded(bits(0n, 24n), 6)}`;
  if (type === TIME) return `${packed < 0n ? '-' : ''}${padded(bits(36n, 10n))}:${clock}`;
  return `${date} ${padded(bits(36n, 5n))}:${clock}`;
}
