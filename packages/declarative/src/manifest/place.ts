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
  #starts: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
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
    return { file: this.file, line: low + 1, column: offset - (starts[low] as number) + 1 };
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
