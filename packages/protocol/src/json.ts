/**
 * JSON values as Tidemark carries them. `bigint` is an integer beyond ±2^53, `Decimal` a number that a double cannot
 * hold digit for digit; everything else is what `JSON.parse` gives.
 */
export type Json = null | boolean | number | string | bigint | Decimal | Json[] | JsonObject;
/** A JSON object: own enumerable string keys only. */
export interface JsonObject {
  [key: string]: Json | undefined;
}

const DECIMAL = Symbol.for('tidemark.decimal');
class NotPlain extends Error {}

/** A number kept as the text it had in the document, because a double would change its digits. */
export class Decimal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  get [DECIMAL](): true {
    return true;
  }
  /** The nearest double. */
  valueOf(): number {
    return Number(this.text);
  }
  toString(): string {
    return this.text;
  }
  /** Called by `JSON.stringify`, which could only write a damaged number: `stringify` takes its exact path then. */
  toJSON(): never {
    throw new NotPlain();
  }
  static is(value: unknown): value is Decimal {
    return typeof value === 'object' && value !== null && (value as { [DECIMAL]?: true })[DECIMAL] === true;
  }
}

// A number of 16 or more digits, or with an exponent of three digits, at a place where a value can stand. It may also hit
// inside a string: then only the slower path is taken for nothing.
const SUSPECT = /(?:^|[:,[]\s*|\s)-?(?:[\d.]{16,}|[\d.]+[eE][+-]?\d{2,}|[\d.]{10,}[eE])/;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const MARK = '\u0000tidemark:number:';

/** True when a double writes the same value that the text names. */
function fitsDouble(text: string): boolean {
  if (text.length < 16 && !/[eE]/.test(text)) return true;
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  return significant(text) === significant(String(value));
}

/** Sign, digits without leading and trailing zeros, and decimal exponent: equal texts mean equal numbers. */
function significant(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return '0';
  return `${sign}${digits}e${Number(exponent) - fraction.length + (all.length - digits.length)}`;
}

function exact(text: string): number | bigint | Decimal {
  if (/^-?\d+$/.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : BigInt(text);
  }
  return fitsDouble(text) ? Number(text) : new Decimal(text);
}

function unmark(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? exact(value.slice(MARK.length)) : value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = unmark(value[i]);
    return value;
  }
  if (value !== null && typeof value === 'object') {
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      const was = object[key];
      const now = unmark(was);
      if (now !== was)
        Object.defineProperty(object, key, { value: now, writable: true, enumerable: true, configurable: true });
    }
  }
  return value;
}

/**
 * Parses JSON without damage to its numbers: an integer beyond ±2^53 becomes a bigint, a number that a double cannot hold
 * a `Decimal`. Documents without such a number (nearly all) go straight through `JSON.parse`.
 * Throws SyntaxError as `JSON.parse` does.
 */
export function parseJson(text: string): Json {
  if (!SUSPECT.test(text)) return JSON.parse(text) as Json;
  const marked = text.replace(TOKEN, (token) =>
    token.charCodeAt(0) === 34 || (token.length < 16 && !/[eE]/.test(token)) || isPlain(token)
      ? token
      : `"${'\\u0000'}${MARK.slice(1)}${token}"`,
  );
  return unmark(JSON.parse(marked)) as Json;
}

function isPlain(token: string): boolean {
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(token)) return true; // not a JSON number: JSON.parse says so
  return /^-?\d+$/.test(token) ? Number.isSafeInteger(Number(token)) : fitsDouble(token);
}

/** Writes JSON, bigint and Decimal digit for digit. `undefined` fields are left out, as `JSON.stringify` does. */
export function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (error instanceof NotPlain || (error instanceof TypeError && /BigInt/.test(error.message))) return write(value);
    throw error;
  }
}

function write(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Decimal.is(value)) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => (item === undefined ? 'null' : write(item))).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function')
      return write((value as { toJSON(): unknown }).toJSON());
    const parts: string[] = [];
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined && typeof item !== 'function') parts.push(`${JSON.stringify(key)}:${write(item)}`);
    }
    return `{${parts.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** One text for equal JSON values: keys sorted, numbers by value. For keys of maps and fingerprints. */
export function canonical(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (Decimal.is(value)) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object') {
    const object = value as Record<string, unknown>;
    const keys = Object.keys(object)
      .filter((key) => object[key] !== undefined)
      .sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
