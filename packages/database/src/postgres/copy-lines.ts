import { stringify } from '@tidemark/protocol';
import { LOST } from '../column.js';
import type { CopiedRows } from './copy-out.js';
import { unescapeCopy } from './copy-texts.js';
import { plainEnd, wordsOf } from './plain-bytes.js';
import type { PostgresColumn } from './types.js';

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
/** A byte that has to be escaped becomes at most this many of JSON. */
const ESCAPED_BYTES = 6;
/** What a field needs besides its key and its text: `null`, quotes, microseconds, an era. */
const FIELD_BYTES = 24;
const HEX = Buffer.from('0123456789abcdef');

/** How a byte inside a text is written: as it is, escaped, or the end of the field. */
const PLAIN = new Uint8Array(256).fill(1);
for (let byte = 0; byte < SPACE; byte++) PLAIN[byte] = 0;
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;

/** A text is written byte by byte until so many of its bytes in a row were plain; a longer run is copied. */
const SHORT_RUN = 64;

/** COPY's escapes that JSON does not have in the same form. */
const VERTICAL_TAB = 118;

/**
 * Writes the rows of a COPY as lines with JSON objects, byte by byte: no row becomes an object, no field a string. What it
 * writes is what `stringify` of the decoded record would say, number for number (but `1.50` stays `1.50`).
 * One for each stream: its buffer is used again for the next page.
 */
export class CopyLines {
  private out = Buffer.allocUnsafeSlow(1 << 16);
  private o = 0;
  private at = 0;
  private rows!: Buffer;
  private words!: Int32Array;
  private rowMax = 0;
  private changes: string[] = [];
  private readonly keys: Buffer[];
  private readonly rowBytes: number;

  constructor(private readonly columns: readonly PostgresColumn[]) {
    this.keys = columns.map(({ name }, i) => Buffer.from(`${i === 0 ? '' : ','}${JSON.stringify(name)}:`));
    this.rowBytes = this.keys.reduce((sum, key) => sum + key.length + FIELD_BYTES, 8);
  }

  /** See `RecordLines.write`. */
  write(copied: CopiedRows, before: string, after: string): Uint8Array {
    const { buffer, length, rows, longest } = copied;
    const head = Buffer.from(`${before}{`);
    const tail = Buffer.from(after);
    // Byte for byte; what escapes need besides is asked for where they are met.
    const rowMax = this.rowBytes + head.length + tail.length + longest + ESCAPED_BYTES;
    this.rowMax = rowMax;
    this.ensure(
      Math.min(rows * (this.rowBytes + head.length + tail.length) + length + (length >> 2), 1 << 26) + rowMax,
    );
    this.rows = buffer;
    this.words = wordsOf(buffer);
    this.at = 0;
    this.o = 0;
    while (this.at < length) {
      if (this.o + rowMax > this.out.length) this.ensure(rowMax);
      this.put(head);
      this.fields();
      this.out[this.o++] = 125;
      if (this.changes.length > 0) this.meta(rowMax);
      this.put(tail);
    }
    return this.out.subarray(0, this.o);
  }

  private fields(): void {
    const { columns, keys } = this;
    for (let i = 0; i < columns.length; i++) {
      this.put(keys[i]!);
      const { rows, at } = this;
      if (rows[at] === BACKSLASH && rows[at + 1] === 78) {
        this.null();
        this.at = at + 2;
      } else this.field(columns[i]!);
      this.at++;
    }
    // Fields after the columns belong to no record.
    if (columns.length === 0 || this.rows[this.at - 1] === TAB) this.at = this.rows.indexOf(NEWLINE, this.at) + 1;
  }

  private field(column: PostgresColumn): void {
    switch (column.bytes) {
      case 'number':
        this.number(column);
        break;
      case 'text':
        this.text();
        break;
      case 'timestamp':
      case 'timestamptz':
        this.timestamp(column);
        break;
      case 'boolean':
        this.ascii(this.rows[this.at] === 116 ? 'true' : 'false');
        this.at++;
        break;
      case 'value':
        this.value(column);
        break;
    }
  }

  /** Digits as they are; NaN and the infinities are lost. */
  private number(column: PostgresColumn): void {
    const { rows, out } = this;
    let { at, o } = this;
    const first = rows[rows[at] === 45 ? at + 1 : at]!;
    if (first < 48 || first > 57) {
      while (rows[at]! > SPACE) at++;
      this.at = at;
      this.lost(column);
      return;
    }
    for (let byte = rows[at]!; byte !== TAB && byte !== NEWLINE; byte = rows[++at]!) out[o++] = byte;
    this.at = at;
    this.o = o;
  }

  private text(): void {
    const { rows, rowMax } = this;
    let { at, o, out } = this;
    out[o++] = QUOTE;
    for (;;) {
      // Whole words begin at every fourth byte.
      const runEnd = (at + SHORT_RUN + 3) & ~3;
      let byte = rows[at]!;
      while (PLAIN[byte] === 1 && at < runEnd) {
        out[o++] = byte;
        byte = rows[++at]!;
      }
      if (at === runEnd) {
        const end = plainEnd(rows, this.words, at);
        rows.copy(out, o, at, end);
        o += end - at;
        at = end;
        continue;
      }
      if (byte === TAB || byte === NEWLINE) break;
      if (o + rowMax > out.length) {
        this.o = o;
        this.ensure(rowMax);
        out = this.out;
      }
      if (byte === BACKSLASH) {
        // b, f, n, r, t and the backslash itself are the same in JSON.
        const escaped = rows[at + 1]!;
        at += 2;
        if (escaped === VERTICAL_TAB) o = control(out, o, 11);
        else {
          out[o++] = BACKSLASH;
          out[o++] = escaped;
        }
      } else {
        at++;
        if (byte === QUOTE) {
          out[o++] = BACKSLASH;
          out[o++] = QUOTE;
        } else o = control(out, o, byte);
      }
    }
    out[o++] = QUOTE;
    this.at = at;
    this.o = o;
  }

  /** `2024-01-02 03:04:05[.ffffff][+00][ BC]`, by far the most of them in the plain form; the others by their decoder. */
  private timestamp(column: PostgresColumn): void {
    const { rows, out } = this;
    let { at, o } = this;
    // Four digits of a year, and the time right after the date: no infinity, no year 10000.
    if (rows[at + 4] !== 45 || rows[at + 10] !== SPACE) {
      this.value(column);
      return;
    }
    const start = at;
    out[o++] = QUOTE;
    for (let i = 0; i < 19; i++) out[o++] = rows[at++]!;
    out[o - 9] = 84; // T
    let digits = 0;
    out[o++] = 46;
    if (rows[at] === 46) {
      at++;
      for (let byte = rows[at]!; byte >= 48 && byte <= 57; byte = rows[++at]!, digits++) out[o++] = byte;
    }
    for (; digits < 6; digits++) out[o++] = 48;
    if (column.bytes === 'timestamptz') {
      if (rows[at] === 43 && rows[at + 1] === 48 && rows[at + 2] === 48) at += 3;
      else at = -1;
      out[o++] = 90; // Z
    }
    if (at < 0 || (rows[at] !== TAB && rows[at] !== NEWLINE)) {
      this.at = start;
      this.value(column);
      return;
    }
    out[o++] = QUOTE;
    this.at = at;
    this.o = o;
  }

  private value(column: PostgresColumn): void {
    const { rows, at } = this;
    let end = at;
    for (let byte = rows[end]!; byte !== TAB && byte !== NEWLINE; ) byte = rows[++end]!;
    this.at = end;
    const value = column.decode(unescapeCopy(rows.toString('utf8', at, end)));
    if (value === LOST) {
      this.lost(column);
      return;
    }
    const text = stringify(value);
    this.ensure(text.length * 3 + this.rowMax);
    this.o += this.out.write(text, this.o);
  }

  private lost({ name }: PostgresColumn): void {
    this.changes.push(`{"field":${JSON.stringify(name)},"change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}`);
    this.null();
  }

  private meta(rowMax: number): void {
    const text = `,"meta":{"changes":[${this.changes.join(',')}]}`;
    this.changes = [];
    this.ensure(text.length * 3 + rowMax);
    this.o += this.out.write(text, this.o);
  }

  private null(): void {
    this.ascii('null');
  }

  private ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.out[this.o++] = text.charCodeAt(i);
  }

  private put(bytes: Buffer): void {
    const { out } = this;
    let { o } = this;
    const { length } = bytes;
    if (length > 48) out.set(bytes, o);
    else for (let i = 0; i < length; i++) out[o + i] = bytes[i]!;
    o += length;
    this.o = o;
  }

  /** Room for this many bytes more. */
  private ensure(bytes: number): void {
    if (this.o + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil((this.o + bytes) * 1.25));
    this.out.copy(larger, 0, 0, this.o);
    this.out = larger;
  }
}

function control(out: Buffer, at: number, byte: number): number {
  out[at] = BACKSLASH;
  out[at + 1] = 117;
  out[at + 2] = 48;
  out[at + 3] = 48;
  out[at + 4] = HEX[byte >> 4]!;
  out[at + 5] = HEX[byte & 15]!;
  return at + 6;
}
