import type { Piece } from './piece.js';
import { SpoolFile } from './spool-file.js';
import type { SpoolSpace } from './spool-space.js';

/** A statement may be held up for this long by a reader that is slow now and then, before anything is written … */
export const PATIENCE_MS = 2_000;
/** … and for this part of the time that it has run. */
const PATIENCE_SHARE = 0.1;

/** How a spool behaves. */
export interface SpoolOptions {
  readonly space: SpoolSpace;
  /** What the pieces are of, for messages: `Reading public.users`. */
  readonly doing: string;
  /** Pieces that wait in memory weigh about as much; at least one may wait. */
  readonly memoryBytes: number;
  /** See PATIENCE_MS; 0: what does not fit into memory is written at once. */
  readonly patienceMs?: number;
}

/**
 * What lies between a statement and its reader. Pieces wait in memory while the reader keeps up. When it does not, they are
 * written to disk, and so is what follows until all of it was read, so that the statement ends as soon as the server and the
 * disk can. When there is no room on disk either, the statement waits.
 */
export class Spool {
  private readonly queue: Piece[] = [];
  private queuedBytes = 0;
  private readonly file: SpoolFile;
  private isEnded = false;
  private isClosed = false;
  private failure: { error: unknown } | undefined;
  /** Buffers that nobody needs any more. */
  private readonly spares: Buffer[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly began = performance.now();
  private waited = 0;
  private readonly unlisten: () => void;

  constructor(private readonly options: SpoolOptions) {
    this.file = new SpoolFile(options.space, options.doing);
    this.unlisten = options.space.onFreed(() => this.changed());
  }

  /** Takes a piece, which waits behind the ones before it. Gives false when nobody wants it any more. Throws ConnectorError. */
  async put(piece: Piece): Promise<boolean> {
    while (!this.isClosed) {
      const isDirect = this.file.pieces === 0;
      if (isDirect && (this.queue.length === 0 || this.queuedBytes + piece.length <= this.options.memoryBytes)) {
        this.queue.push(piece);
        this.queuedBytes += piece.length;
        this.changed();
        return true;
      }
      const patience = isDirect ? this.patience() : 0;
      if (patience > 0) {
        const from = performance.now();
        await this.change(patience);
        this.waited += performance.now() - from;
      } else if (await this.write(piece)) {
        return true;
      } else await this.change();
    }
    return false;
  }

  /** Nothing follows. With an error: the reader gets it after all that was put. */
  end(failure?: { error: unknown }): void {
    this.isEnded = true;
    this.failure = failure;
    this.changed();
  }

  /** The next piece; undefined after the last one, or when the spool was closed. Throws what `end` was given. */
  async next(): Promise<Piece | undefined> {
    while (!this.isClosed) {
      const piece = this.fromMemory() ?? (this.file.pieces > 0 ? await this.readBack() : undefined);
      if (piece) return piece;
      if (this.failure) throw this.failure.error;
      if (this.isEnded) return undefined;
      await this.change();
    }
    return undefined;
  }

  /** The piece that `next` gave is done with: its buffer is used again. */
  taken({ buffer }: Piece): void {
    this.giveBack(buffer);
  }

  /** A buffer to fill again, if there is one. */
  spare(): Buffer | undefined {
    return this.spares.pop();
  }

  /** Nobody reads any more: whoever waits is woken. */
  stop(): void {
    this.isClosed = true;
    this.changed();
  }

  /** Frees what is held. Nobody may be putting or reading any more. */
  async close(): Promise<void> {
    this.stop();
    this.unlisten();
    this.queue.length = this.spares.length = 0;
    await this.file.close();
  }

  private fromMemory(): Piece | undefined {
    const piece = this.queue.shift();
    if (!piece) return undefined;
    this.queuedBytes -= piece.length;
    this.changed();
    return piece;
  }

  private async write(piece: Piece): Promise<boolean> {
    if (!(await this.file.write(piece))) return false;
    this.giveBack(piece.buffer);
    this.changed();
    return true;
  }

  private async readBack(): Promise<Piece> {
    const piece = await this.file.read((bytes) => {
      const spare = this.spares.pop();
      return spare && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(Math.max(bytes, 1));
    });
    await this.file.sweep();
    this.changed();
    return piece;
  }

  private patience(): number {
    const { patienceMs = PATIENCE_MS } = this.options;
    if (patienceMs === 0) return 0;
    return patienceMs + (performance.now() - this.began) * PATIENCE_SHARE - this.waited;
  }

  private giveBack(buffer: Buffer): void {
    // A huge row was the exception: what held it is not kept.
    if (this.spares.length < 2 && buffer.length <= this.options.memoryBytes * 4) this.spares.push(buffer);
  }

  private changed(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  /** Waits until something changes, or so long. */
  private change(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      const { waiting } = this;
      function wake(): void {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      }
      waiting.add(wake);
    });
  }
}
