/** The text with some lines indented further, and by how much, by line number (from 0). */
export interface LooseText {
  text: string;
  shifts: ReadonlyMap<number, number>;
  /** Where, in the text as it was, a bracket or quote is opened that is never closed. */
  unclosed?: number;
  /** By line (from 0) that begins inside brackets or quotes: where, in the text as it was, these are opened. */
  openers: ReadonlyMap<number, number>;
}

/**
 * YAML 1.1 does not look at the indentation of lines that begin inside brackets or quotes; the parser we use does. This
 * indents such lines as far as it wants, which changes nothing of what they mean. It is only asked when the text does not
 * parse as it is.
 */
export function indentLoosely(text: string): LooseText {
  return new Scanner(text).run();
}

class Scanner {
  readonly #text: string;
  readonly #shifts = new Map<number, number>();
  #out = '';
  #copied = 0;
  #at = 0;
  #line = 0;
  #lineStart = 0;
  /** The column of the key or dash before the value at hand: deeper lines belong to the value. */
  #parent = 0;
  #unclosed: number | undefined;
  readonly #openers = new Map<number, number>();

  constructor(text: string) {
    this.#text = text;
  }

  run(): LooseText {
    while (this.#at < this.#text.length) this.#blockLine();
    return {
      text: this.#out + this.#text.slice(this.#copied),
      shifts: this.#shifts,
      unclosed: this.#unclosed,
      openers: this.#openers,
    };
  }

  /** One line outside of brackets and quotes, up to its end. */
  #blockLine(): void {
    this.#parent = -1;
    for (;;) {
      this.#match(/[ \t]*/y);
      const column = this.#at - this.#lineStart;
      const met = this.#text[this.#at];
      if (met === undefined || met === '\n' || met === '\r' || met === '#') {
        this.#endLine();
        return;
      }
      if (this.#match(/:(?=[ \t\r\n]|$)/y)) continue;
      else if (this.#match(/[-?](?=[ \t\r\n]|$)/y)) this.#parent = column;
      else if (this.#match(/[&!*][^ \t\r\n]*/y)) continue;
      else if (this.#match(/[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?=\r|\n|$)/y)) {
        this.#skipDeeper();
        return;
      } else if (met === '[' || met === '{') this.#flow(column);
      else if (met === '"' || met === "'") this.#quoted(column);
      else if (!this.#plain()) {
        this.#endLine();
        return;
      } else if (!/:(?=[ \t\r\n]|$)/y.test(this.#text.slice(this.#at, this.#at + 2))) {
        this.#skipDeeper();
        return;
      }
      // What was read is a key when a colon follows; its column is then the one that counts.
      if (this.#text[this.#at] === ':') this.#parent = column;
    }
  }

  /** A plain text, up to a colon or a comment. */
  #plain(): boolean {
    const from = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const met = this.#text[this.#at] as string;
      if (met === '\n' || met === '\r') break;
      if (met === ':' && /[ \t\r\n]/.test(this.#text[this.#at + 1] ?? '\n')) break;
      if (met === '#' && /[ \t]/.test(this.#text[this.#at - 1] ?? '')) break;
    }
    return this.#at > from;
  }

  #endLine(): void {
    this.#match(/[^\r\n]*/y);
    this.#newline();
  }

  /** Block scalars and plain ones go on as long as lines are deeper than their key, or blank. */
  #skipDeeper(): void {
    this.#endLine();
    while (this.#at < this.#text.length) {
      const indent = /[ ]*/y;
      indent.lastIndex = this.#at;
      const depth = indent.exec(this.#text)?.[0].length ?? 0;
      const met = this.#text[this.#at + depth];
      if (depth <= this.#parent && met !== undefined && met !== '\n' && met !== '\r') return;
      this.#endLine();
    }
  }

  /** Brackets up to the one that closes the first. */
  #flow(column: number): void {
    const opened = this.#at;
    let depth = 0;
    let isTokenStart = true;
    while (this.#at < this.#text.length) {
      const met = this.#text[this.#at] as string;
      if (met === '\n' || met === '\r') this.#innerLine(column, opened);
      else if (met === '\t') this.#replaceTab();
      else if (met === ' ') this.#at++;
      else if (met === '#' && /[ \t\r\n]/.test(this.#text[this.#at - 1] ?? '\n')) this.#match(/[^\r\n]*/y);
      else if (isTokenStart && (met === '"' || met === "'")) {
        this.#quoted(column);
        if (this.#text[this.#at] === ':') this.#at++;
        else isTokenStart = false;
      } else {
        this.#at++;
        if (met === '[' || met === '{') depth++;
        if ((met === ']' || met === '}') && --depth === 0) return;
        isTokenStart = '[{,'.includes(met) || (met === ':' && /[ \t\r\n]/.test(this.#text[this.#at] ?? '\n'));
      }
    }
    this.#unclosed ??= opened;
  }

  #quoted(column: number): void {
    const opened = this.#at;
    const quote = this.#text[this.#at++] as string;
    while (this.#at < this.#text.length) {
      const met = this.#text[this.#at] as string;
      if (met === '\n' || met === '\r') this.#innerLine(column, opened);
      else if (met === '\\' && quote === '"' && !/[\r\n]/.test(this.#text[this.#at + 1] ?? '')) this.#at += 2;
      else if (met === quote && quote === "'" && this.#text[this.#at + 1] === "'") this.#at += 2;
      else {
        this.#at++;
        if (met === quote) return;
      }
    }
    this.#unclosed ??= opened;
  }

  /** Goes to the next line, and indents it beyond the column of what is open unless it is blank. */
  #innerLine(column: number, opened: number): void {
    this.#newline();
    this.#openers.set(this.#line, opened);
    const from = this.#at;
    this.#match(/[ \t]*/y);
    if (/[\r\n]/.test(this.#text[this.#at] ?? '\n')) return;
    const wanted = Math.max(column + 1, this.#at - from);
    const isFine = this.#at - from === wanted && !this.#text.slice(from, this.#at).includes('\t');
    if (isFine) return;
    this.#out += this.#text.slice(this.#copied, from) + ' '.repeat(wanted);
    this.#copied = this.#at;
    if (wanted !== this.#at - from) this.#shifts.set(this.#line, wanted - (this.#at - from));
  }

  #replaceTab(): void {
    this.#out += `${this.#text.slice(this.#copied, this.#at)} `;
    this.#copied = ++this.#at;
  }

  #newline(): void {
    if (!this.#match(/\r\n?|\n/y)) return;
    this.#line++;
    this.#lineStart = this.#at;
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found !== null && found[0] !== '';
  }
}
