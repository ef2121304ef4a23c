const NEWLINE = 10;
/** Where a line's head ends. Texts in the head have their quotes escaped: nothing before it looks like this. */
const DATA = ',"_airbyte_data":';

/**
 * Takes lines out of a file that goes by in pieces. It looks at the head of each line, what comes before `_airbyte_data`,
 * and lets the rest pass as bytes: lines of any length need no more memory than a piece, and stay as they are to the byte.
 */
export class LineSieve {
  /** How many lines were taken out. */
  removed = 0;
  /** The beginning of a line whose head is not complete. */
  private carry: Buffer = Buffer.alloc(0);
  /** What is done with the line that is going by; undefined between two lines. */
  private keeps: boolean | undefined;

  /** `isMeant`: whether the line with this head, a JSON object, is taken out. */
  constructor(private readonly isMeant: (head: string) => boolean) {}

  /** The bytes of a piece, and of those before it, that stay. */
  *pass(piece: Buffer): Generator<Buffer> {
    const data = this.carry.length > 0 ? Buffer.concat([this.carry, piece]) : piece;
    this.carry = Buffer.alloc(0);
    let at = 0;
    // Lines that stay go on together.
    let from = 0;
    while (at < data.length) {
      const newline = data.indexOf(NEWLINE, at);
      if (this.keeps === undefined) {
        const head = headOf(data, at, newline);
        if (head === undefined) {
          this.carry = Buffer.from(data.subarray(at));
          break;
        }
        this.keeps = !this.isMeant(head);
        if (!this.keeps) {
          this.removed++;
          if (at > from) yield data.subarray(from, at);
        }
      }
      const end = newline < 0 ? data.length : newline + 1;
      if (!this.keeps) from = end;
      at = end;
      if (newline >= 0) this.keeps = undefined;
    }
    if (at > from) yield data.subarray(from, at);
  }

  /** After the last piece. A last line without an end stays, and gets one. */
  *end(): Generator<Buffer> {
    if (this.carry.length > 0) yield this.carry;
    if (this.carry.length > 0 || this.keeps) yield Buffer.from([NEWLINE]);
  }
}

/** The head of the line at `at` as an object; undefined when there is not enough of the line. */
function headOf(data: Buffer, at: number, newline: number): string | undefined {
  const mark = data.indexOf(DATA, at);
  if (mark >= 0 && (newline < 0 || mark < newline)) return `${data.toString('utf8', at, mark)}}`;
  return newline < 0 ? undefined : data.toString('utf8', at, newline);
}
