import type { Writable } from 'node:stream';

const PIECE_CHARACTERS = 1 << 16;
const IDLE_MILLISECONDS = 40;

/**
 * Writes lines in pieces of 64 KiB or more, and what is left when the process idles, so that whoever reads a slow source
 * still sees each message soon. A returned promise means that the reader of the output is behind.
 */
export class LineWriter {
  private text = '';
  private timer: NodeJS.Timeout | undefined;
  private drained: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  private failure: Error | undefined;

  constructor(private readonly out: Writable) {
    out.on('drain', () => this.wake());
    out.on('error', (error) => {
      this.failure ??= error;
      this.wake();
    });
  }

  /** Adds whole lines; the text ends with a newline. Throws what an earlier write failed with. */
  write(lines: string): void | Promise<void> {
    this.text += lines;
    if (this.text.length >= PIECE_CHARACTERS) return this.send();
    this.timer ??= setTimeout(() => this.sendPiece(), IDLE_MILLISECONDS);
  }

  /** Adds whole lines as UTF-8. The bytes are the caller's again when the promise settles. */
  async writeBytes(lines: Uint8Array): Promise<void> {
    this.sendPiece();
    if (this.failure) throw this.failure;
    await new Promise<void>((resolve, reject) => {
      this.out.write(lines, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Settles when everything that was written is out of this process's hands. Throws what writing failed with. */
  async flush(): Promise<void> {
    this.sendPiece();
    if (!this.failure) await new Promise<void>((resolve) => this.out.write('', () => resolve()));
    if (this.failure) throw this.failure;
  }

  private async sendAndWait(): Promise<void> {
    await this.drained;
    if (this.failure) throw this.failure;
  }

  private send(): void | Promise<void> {
    this.sendPiece();
    if (this.failure) throw this.failure;
    if (this.drained) return this.sendAndWait();
  }

  private sendPiece(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = undefined;
    const text = this.text;
    this.text = '';
    if (text === '' || this.failure || this.out.write(text)) return;
    this.drained ??= new Promise<void>((resolve) => {
      this.wake = () => {
        this.drained = undefined;
        resolve();
      };
    });
  }
}
