import { Decimal, type Json, stringify } from '@tidemark/protocol';
import { type Decode, LOST } from '../column.js';

// The text forms that PostgreSQL writes under the session settings of `clients.ts`: UTC, ISO dates, hex bytea, C money.

export const decodeText: Decode = (text) => text;

export const decodeBoolean: Decode = (text) =>
  text === 't' || text === 'true' ? true : text === 'f' || text === 'false' ? false : LOST;

const ZERO = 48;

/** A whole number of a type that has no others. */
export const decodeInteger: Decode = (text) => {
  if (text.length < 16) return Number(text);
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};

/** Any number, as the server writes it: `1.50`, `-0` and `1e-05` stay so. NaN and the infinities cannot be JSON numbers. */
export const decodeNumber: Decode = (text) => {
  const first = text.charCodeAt(text.charCodeAt(0) === 45 ? 1 : 0);
  if (!(first >= ZERO && first <= 57)) return LOST;
  const number = Number(text);
  if (text.includes('e')) return String(number) === text ? number : new Decimal(text);
  if (!text.includes('.')) return Number.isSafeInteger(number) ? whole(text, number) : BigInt(text);
  // Up to 15 digits, a double is written as it was read: but for zeros at the end, and what is so small that it gets an exponent.
  const isPlain = text.length < 16 && text.charCodeAt(text.length - 1) !== ZERO && Math.abs(number) >= 1e-6;
  return isPlain || String(number) === text ? number : new Decimal(text);
};

function whole(text: string, number: number): number | Decimal {
  return number === 0 && text !== '0' ? new Decimal(text) : number;
}

/** `-$1,234.50` under `lc_monetary = C`, or with another currency's sign. */
export const decodeMoney: Decode = (text) => {
  const digits = text.replace(/[^\d.]/g, '');
  if (!/^\d+(\.\d+)?$/.test(digits)) return LOST;
  const isNegative = text.includes('-') || text.startsWith('(');
  return decodeNumber(isNegative ? `-${digits}` : digits);
};

/** `2024-01-02 03:04:05.1` → `2024-01-02T03:04:05.100000`; the era stays at the end. */
export const decodeTimestamp: Decode = (text) => {
  if (text.length < 19) return infinity(text);
  const isBc = text.endsWith(' BC');
  const end = isBc ? text.length - 3 : text.length;
  const space = text.indexOf(' ');
  return `${text.slice(0, space)}T${micros(text.slice(space + 1, end))}${isBc ? ' BC' : ''}`;
};

/** The same with `Z` at its end; the session is in UTC. */
export const decodeTimestampTz: Decode = (text) => {
  if (text.length < 19) return infinity(text);
  const isBc = text.endsWith(' BC');
  const end = isBc ? text.length - 3 : text.length;
  const space = text.indexOf(' ');
  return `${text.slice(0, space)}T${withOffset(text.slice(space + 1, end))}${isBc ? ' BC' : ''}`;
};

export const decodeTime: Decode = (text) => micros(text);
export const decodeTimeTz: Decode = (text) => withOffset(text);

function infinity(text: string): Json | typeof LOST {
  if (text === 'infinity') return 'Infinity';
  return text === '-infinity' ? '-Infinity' : LOST;
}

/** Six digits after the point, always. */
function micros(time: string): string {
  const point = time.indexOf('.');
  return point < 0 ? `${time}.000000` : time.padEnd(point + 7, '0');
}

function withOffset(time: string): string {
  let at = time.length - 1;
  while (at > 0 && time[at] !== '+' && time[at] !== '-') at--;
  const offset = time.slice(at);
  const clock = micros(time.slice(0, at));
  if (offset === '+00') return `${clock}Z`;
  return clock + (offset.length === 3 ? `${offset}:00` : offset);
}

/** `"a"=>"1", "b"=>NULL` → the text of a JSON object. */
export const decodeHstore: Decode = (text) => {
  const object: Record<string, string | null> = {};
  const pair = /\s*"((?:[^"\\]|\\.)*)"\s*=>\s*(?:"((?:[^"\\]|\\.)*)"|NULL)\s*(?:,|$)/gsy;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (!match) return LOST;
    const [, key = '', value] = match;
    Object.defineProperty(object, unescaped(key), {
      value: value === undefined ? null : unescaped(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return stringify(object);
};

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

/** `{1,NULL,{2}}`, also with bounds before it (`[0:1]={…}`). An item that is lost loses the whole array. */
export function decodeArray(item: Decode, delimiter = ','): Decode {
  return (text) => {
    const start = text.charCodeAt(0) === 91 ? text.indexOf('=') + 1 : 0;
    const parser = new ArrayParser(text, start, item, delimiter);
    return parser.parse();
  };
}

class ArrayParser {
  private isLost = false;

  constructor(
    private readonly text: string,
    private at: number,
    private readonly item: Decode,
    private readonly delimiter: string,
  ) {}

  parse(): Json | typeof LOST {
    const list = this.list();
    return this.isLost || this.at !== this.text.length ? LOST : list;
  }

  private list(): Json[] {
    const items: Json[] = [];
    if (this.text[this.at] !== '{') return this.lost(items);
    this.at++;
    if (this.text[this.at] === '}') {
      this.at++;
      return items;
    }
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined) return this.lost(items);
      if (next === '{') items.push(this.list());
      else if (next === '"') items.push(this.decoded(this.quoted()));
      else items.push(this.bare());
      if (this.isLost) return items;
      const after = this.text[this.at++];
      if (after === '}') return items;
      if (after !== this.delimiter) return this.lost(items);
    }
  }

  private bare(): Json {
    const start = this.at;
    while (this.at < this.text.length && this.text[this.at] !== this.delimiter && this.text[this.at] !== '}') this.at++;
    const text = this.text.slice(start, this.at);
    return text === 'NULL' ? null : this.decoded(text.includes('\\') ? unescaped(text) : text);
  }

  private quoted(): string {
    const start = ++this.at;
    let hasEscape = false;
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      if (this.text[this.at] === '\\') {
        hasEscape = true;
        this.at++;
      }
      this.at++;
    }
    const text = this.text.slice(start, this.at++);
    return hasEscape ? unescaped(text) : text;
  }

  private decoded(text: string): Json {
    const value = this.item(text);
    if (value !== LOST) return value;
    this.isLost = true;
    return null;
  }

  private lost(items: Json[]): Json[] {
    this.isLost = true;
    return items;
  }
}
