/** A place in a file. Lines and columns count from 1; line 0 means that the value came from no file (an injected manifest). */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** A text with the starts of its lines, for turning offsets into places. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #shifts: ReadonlyMap<number, number>;
  #starts: number[] | undefined;

  /** `shifts`: by how much a line (from 0) of this text is indented further than in the file. */
  constructor(file: string, text: string, shifts: ReadonlyMap<number, number> = new Map()) {
    this.file = file;
    this.text = text;
    this.#shifts = shifts;
  }

  /** The place of a character offset. */
  at(offset: number): Place {
    const starts = this.#lines();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - (starts[low] as number) - (this.#shifts.get(low) ?? 0) + 1;
    return { file: this.file, line: low + 1, column: Math.max(1, column) };
  }

  #lines(): number[] {
    if (this.#starts) return this.#starts;
    const starts = [0];
    const breaks = /\r\n?|\n/g;
    while (breaks.exec(this.text) !== null) starts.push(breaks.lastIndex);
    this.#starts = starts;
    return starts;
  }
}
