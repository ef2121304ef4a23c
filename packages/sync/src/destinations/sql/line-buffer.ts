/** Room for this much is kept from one chunk to the next. */
const BYTES = 256 * 1024;
/** Lines are put together as one text up to this length: long enough to be encoded fast, short enough to die young. */
const TEXT = 16 * 1024;
/** A longer text is not encoded before it is sent, and then piece by piece: it is in memory often enough as a text. */
export const LARGE = 256 * 1024;

/** Lines of text on their way to a server, as bytes. Used again for every chunk: it is the server's copy that stays. */
export class LineBuffer {
  private bytes = Buffer.allocUnsafe(BYTES);
  private length = 0;
  private text = '';
  /** Long texts, each after the first `at` bytes. */
  private large: { at: number; text: string }[] = [];

  /** Forgets what is in it. */
  clear(): void {
    this.length = 0;
    this.text = '';
    this.large = [];
    if (this.bytes.length > 64 * BYTES) this.bytes = Buffer.allocUnsafe(BYTES);
  }

  add(part: string): void {
    if (part.length > LARGE) {
      this.flush();
      this.large.push({ at: this.length, text: part });
      return;
    }
    this.text += part;
    if (this.text.length >= TEXT) this.flush();
  }

  /** Everything that was added, in order. The pieces are overwritten after `clear`. */
  *pieces(): Generator<Buffer> {
    this.flush();
    let from = 0;
    for (const { at, text } of this.large) {
      if (at > from) yield this.bytes.subarray(from, at);
      yield* encoded(text);
      from = at;
    }
    if (this.length > from) yield this.bytes.subarray(from, this.length);
  }

  private flush(): void {
    const { text } = this;
    const most = this.length + text.length * 3;
    if (most > this.bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(most, this.bytes.length * 2));
      this.bytes.copy(wider, 0, 0, this.length);
      this.bytes = wider;
    }
    this.length += this.bytes.write(text, this.length);
    this.text = '';
  }
}

function* encoded(text: string): Generator<Buffer> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + LARGE, text.length);
    const last = text.charCodeAt(to - 1);
    // Both halves of a surrogate pair go together.
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to++;
    yield Buffer.from(text.slice(from, to));
    from = to;
  }
}
