/** Whole rows one after the other, in the form that their dialect chose. */
export interface Piece {
  readonly buffer: Buffer;
  /** Bytes of `buffer` that are rows. */
  readonly length: number;
  readonly rows: number;
  /** Bytes of the longest row. */
  readonly longest: number;
  /** No piece follows. */
  readonly isLast: boolean;
}

/** SQL's null in place of a value's length. */
const NULL = 0xffffffff;
const LENGTH_BYTES = 4;
const FIRST_BYTES = 1 << 16;

/** Packs rows of values into pieces, each value with its length before it: what comes out is what went in, byte for byte. */
export class RowPacker {
  private buffer: Buffer;
  private length = 0;
  private count = 0;
  private longest = 0;

  /** A piece is full at this many rows or bytes. `spare`: a buffer that nobody needs any more. */
  constructor(
    private readonly rowsMax: number,
    private readonly bytesMax: number,
    private readonly spare: () => Buffer | undefined = () => undefined,
  ) {
    this.buffer = Buffer.alloc(0);
  }

  /** The first `width` values of a row. Gives true when the piece has its size. */
  add(values: readonly (Uint8Array | null)[], width = values.length): boolean {
    const from = this.length;
    for (let i = 0; i < width; i++) {
      const value = values[i] ?? null;
      this.makeRoom(LENGTH_BYTES + (value?.length ?? 0));
      this.buffer.writeUInt32LE(value === null ? NULL : value.length, this.length);
      this.length += LENGTH_BYTES;
      if (value === null) continue;
      this.buffer.set(value, this.length);
      this.length += value.length;
    }
    this.count++;
    this.longest = Math.max(this.longest, this.length - from);
    return this.count >= this.rowsMax || this.length >= this.bytesMax;
  }

  /** What was added since the last piece. */
  take(isLast: boolean): Piece {
    const { buffer, length, count: rows, longest } = this;
    this.buffer = Buffer.alloc(0);
    this.length = this.count = this.longest = 0;
    return { buffer, length, rows, longest, isLast };
  }

  private makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const before = this.buffer;
    const spare = this.length === 0 ? this.spare() : undefined;
    this.buffer =
      spare && spare.length >= needed
        ? spare
        : Buffer.allocUnsafeSlow(Math.max(needed, FIRST_BYTES, Math.min(before.length * 2, this.bytesMax * 2)));
    before.copy(this.buffer, 0, 0, this.length);
  }
}

/** The rows of a packed piece as texts, one encoding a value; null is SQL's null. The array is used again for the next row. */
export function* packedTexts(
  piece: Piece,
  encodings: readonly BufferEncoding[],
): Generator<(string | null)[], void, undefined> {
  const texts = new Array<string | null>(encodings.length).fill(null);
  const { buffer, rows } = piece;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < encodings.length; i++) {
      const length = buffer.readUInt32LE(at);
      at += LENGTH_BYTES;
      if (length === NULL) texts[i] = null;
      else {
        texts[i] = buffer.toString(encodings[i], at, at + length);
        at += length;
      }
    }
    yield texts;
  }
}

/** The rows of a packed piece of one value each, as views of its buffer. */
export function* packedValues({ buffer, rows }: Piece): Generator<Buffer, void, undefined> {
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const end = at + LENGTH_BYTES + buffer.readUInt32LE(at);
    yield buffer.subarray(at + LENGTH_BYTES, end);
    at = end;
  }
}
