import { isUtf8 } from 'node:buffer';
import { ConnectorError } from '@tidemark/source';

/** A line may be long (a record of 20 MB); one that never ends is a program gone wrong. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;
const NEWLINE = 10;
/** Only a line below this is worth asking whether it is empty. */
const SHORT = 1_000;
const SPARE = 64 * 1024;

/** A line of output: its text, or that its bytes are no UTF-8 (`text` is then the nearest one). */
export interface Line {
  readonly text: string;
  readonly bytes: number;
  readonly isText: boolean;
}

/**
 * Cuts a program's output into lines, all that a piece holds at a time. The next piece is asked for when the last ones have
 * been dealt with: a reader that is slow stops the program. Empty lines are left out.
 * Throws ConnectorError (system) for a line longer than 256 MiB.
 */
export async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  const rest = new Rest();
  for await (const piece of pieces) {
    const lines: Line[] = [];
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to !== -1; to = piece.indexOf(NEWLINE, from)) {
      const end = piece.subarray(from, to);
      add(lines, rest.isEmpty ? end : rest.take(end));
      from = to + 1;
    }
    if (from < piece.length) rest.add(piece.subarray(from));
    if (lines.length > 0) yield lines;
  }
  const last: Line[] = [];
  if (!rest.isEmpty) add(last, rest.take());
  if (last.length > 0) yield last;
}

function add(lines: Line[], bytes: Buffer): void {
  const text = bytes.toString('utf8');
  if (bytes.length < SHORT && text.trim() === '') return;
  lines.push({ text, bytes: bytes.length, isText: isUtf8(bytes) });
}

/** The beginning of a line whose end has not come. The place for it is used again: lines of 20 MB would leave much behind. */
class Rest {
  private place = Buffer.allocUnsafe(SPARE);
  private size = 0;

  get isEmpty(): boolean {
    return this.size === 0;
  }

  add(piece: Buffer): void {
    const size = this.size + piece.length;
    if (size > LINE_BYTES_MAX)
      throw new ConnectorError('system', `The program writes a line of more than ${LINE_BYTES_MAX} bytes.`);
    if (size > this.place.length) {
      const larger = Buffer.allocUnsafe(Math.min(LINE_BYTES_MAX, Math.max(size, this.place.length * 2)));
      this.place.copy(larger, 0, 0, this.size);
      this.place = larger;
    }
    piece.copy(this.place, this.size);
    this.size = size;
  }

  /** The whole line. It has to be read before the next one is added. */
  take(end?: Buffer): Buffer {
    if (end) this.add(end);
    const line = this.place.subarray(0, this.size);
    this.size = 0;
    return line;
  }
}
