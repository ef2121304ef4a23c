import { stringify } from '@tidemark/protocol';
import { type Decode, LOST } from '../column.js';
import type { CopiedRows } from './copy-out.js';
import { unescapeCopy } from './copy-texts.js';
import { bytesBefore, specialBytes, WORD_BYTES } from './plain-bytes.js';
import type { BytesForm, PostgresColumn } from './types.js';

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

/** COPY's escapes that JSON does not have in the same form. */
const VERTICAL_TAB = 118;

/** About as much goes out at once: what was written is still in the processor's cache when it is taken from here. */
const PIECE_BYTES = 1 << 17;

/** A text that is written many times. */
interface Constant {
  readonly words: Int32Array;
  readonly length: number;
}

/** What is needed of a column, in objects that are all alike: columns are made in several ways, which makes them slow to read. */
interface LineColumn {
  readonly key: Constant;
  readonly bytes: BytesForm;
  readonly name: string;
  readonly decode: Decode;
}

/**
 * Writes the rows of a COPY as lines with JSON objects: no row becomes an object, no field a string. What it writes is what
 * `stringify` of the decoded record would say, number for number.
 * Bytes are copied four at a time, up to three too many, which what comes after them overwrites.
 * One for each stream: its buffer is used again for the next page.
 */
export class CopyLines {
  private out = Buffer.allocUnsafeSlow(2 * PIECE_BYTES);
  private outView = viewOf(this.out);
  private o = 0;
  private at = 0;
  private rows!: Buffer;
  private rowView!: DataView;
  private rowMax = 0;
  private changes: string[] = [];
  private readonly columns: readonly LineColumn[];
  private readonly rowBytes: number;

  constructor(columns: readonly PostgresColumn[]) {
    this.columns = columns.map(({ name, bytes, decode }, i) => {
      const key = constant(`${i === 0 ? '' : ','}${JSON.stringify(name)}:`);
      return { key, bytes, name, decode };
    });
    this.rowBytes = this.columns.reduce((sum, { key }) => sum + key.length + FIELD_BYTES, 8);
  }

  /** See `RecordLines.write`. */
  *write(copied: CopiedRows, before: string, after: string): Generator<Uint8Array> {
    const head = constant(`${before}{`);
    const tail = constant(after);
    // Byte for byte; what escapes need besides is asked for where they are met.
    this.rowMax = this.rowBytes + head.length + tail.length + copied.longest + ESCAPED_BYTES + WORD_BYTES;
    this.rows = withRoom(copied);
    this.rowView = viewOf(this.rows);
    this.at = 0;
    while (this.at < copied.length) yield this.piece(copied.length, head, tail);
  }

  private piece(length: number, head: Constant, tail: Constant): Uint8Array {
    this.o = 0;
    while (this.at < length && this.o < PIECE_BYTES) {
      this.ensure(this.rowMax);
      this.put(head);
      this.fields();
      this.out[this.o++] = 125;
      if (this.changes.length > 0) this.meta();
      this.put(tail);
    }
    return this.out.subarray(0, this.o);
  }

  private fields(): void {
    const { columns } = this;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      this.put(column.key);
      const { rows, at } = this;
      if (rows[at] === BACKSLASH && rows[at + 1] === 78) {
        this.null();
        this.at = at + 2;
      } else this.field(column);
      this.at++;
    }
    // Fields after the columns belong to no record.
    if (columns.length === 0 || this.rows[this.at - 1] === TAB) this.at = this.rows.indexOf(NEWLINE, this.at) + 1;
  }

  private field(column: LineColumn): void {
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
  private number(column: LineColumn): void {
    const { rows, rowView, outView } = this;
    let { at, o } = this;
    const first = rows[rows[at] === 45 ? at + 1 : at]!;
    if (first < 48 || first > 57) {
      while (rows[at]! > SPACE) at++;
      this.at = at;
      this.lost(column);
      return;
    }
    for (;;) {
      const word = rowView.getInt32(at, true);
      outView.setInt32(o, word, true);
      const special = specialBytes(word);
      if (special !== 0) {
        const plain = bytesBefore(special);
        this.at = at + plain;
        this.o = o + plain;
        return;
      }
      at += 4;
      o += 4;
    }
  }

  private text(): void {
    const { rows, rowView, rowMax } = this;
    let { at, o, out, outView } = this;
    out[o++] = QUOTE;
    for (;;) {
      const word = rowView.getInt32(at, true);
      outView.setInt32(o, word, true);
      const special = specialBytes(word);
      if (special === 0) {
        at += 4;
        o += 4;
        continue;
      }
      const plain = bytesBefore(special);
      at += plain;
      o += plain;
      const byte = rows[at]!;
      if (byte === TAB || byte === NEWLINE) break;
      if (o + rowMax > out.length) {
        this.o = o;
        this.ensure(rowMax);
        out = this.out;
        outView = this.outView;
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
  private timestamp(column: LineColumn): void {
    const { rows, out, rowView, outView } = this;
    let { at, o } = this;
    // Four digits of a year, and the time right after the date: no infinity, no year 10000.
    if (rows[at + 4] !== 45 || rows[at + 10] !== SPACE) {
      this.value(column);
      return;
    }
    const start = at;
    out[o++] = QUOTE;
    for (let i = 0; i < 20; i += 4) outView.setInt32(o + i, rowView.getInt32(at + i, true), true);
    at += 19;
    o += 19;
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

  private value(column: LineColumn): void {
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

  private lost({ name }: LineColumn): void {
    this.changes.push(`{"field":${JSON.stringify(name)},"change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}`);
    this.null();
  }

  private meta(): void {
    const text = `,"meta":{"changes":[${this.changes.join(',')}]}`;
    this.changes = [];
    this.ensure(text.length * 3 + this.rowMax);
    this.o += this.out.write(text, this.o);
  }

  private null(): void {
    this.ascii('null');
  }

  private ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.out[this.o++] = text.charCodeAt(i);
  }

  private put({ words, length }: Constant): void {
    const { outView, o } = this;
    for (let i = 0; i < words.length; i++) outView.setInt32(o + i * 4, words[i]!, true);
    this.o = o + length;
  }

  /** Room for this many bytes more. */
  private ensure(bytes: number): void {
    if (this.o + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.ceil((this.o + bytes) * 1.25));
    this.out.copy(larger, 0, 0, this.o);
    this.out = larger;
    this.outView = viewOf(larger);
  }
}

function constant(text: string): Constant {
  const length = Buffer.byteLength(text);
  const words = new Int32Array(Math.ceil(length / WORD_BYTES));
  const padded = Buffer.alloc(words.length * WORD_BYTES);
  padded.write(text);
  for (let i = 0; i < words.length; i++) words[i] = padded.readInt32LE(i * WORD_BYTES);
  return { words, length };
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** The rows, with room after them for the rest of the word that their last byte begins. */
function withRoom({ buffer, length }: CopiedRows): Buffer {
  if (buffer.length - length >= WORD_BYTES - 1) return buffer;
  return Buffer.concat([buffer.subarray(0, length), Buffer.alloc(WORD_BYTES)]);
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
