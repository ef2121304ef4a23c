import { tmpdir } from 'node:os';
import { openHidden, type SpoolHandle } from './hidden-file.js';

const MEBIBYTE = 1 << 20;

/** Where spools may write, and how much. */
export interface SpoolSettings {
  /** Bytes on disk, over all statements. 0: nothing is written. */
  readonly spool_bytes: number;
  /** Empty: the system's directory for temporary files. */
  readonly spool_directory: string;
}

/** The disk that the spools of one database share. */
export class SpoolSpace {
  readonly directory: string;
  readonly bytesMax: number;
  private used = 0;
  private hasWarned = false;
  private readonly waiting = new Set<() => void>();

  constructor(
    settings: SpoolSettings,
    private readonly warn: (message: string) => void,
    /** Makes a file that nobody else sees; a test gives its own. */
    private readonly openFile: (directory: string) => Promise<SpoolHandle> = openHidden,
  ) {
    this.directory = settings.spool_directory || tmpdir();
    this.bytesMax = settings.spool_bytes;
  }

  /** What is read of a spool is freed in steps of this many bytes: few enough files, and not too much that is kept in vain. */
  get segmentBytes(): number {
    return Math.max(this.bytesMax / 64, Math.min(64 * MEBIBYTE, this.bytesMax / 4));
  }

  open(): Promise<SpoolHandle> {
    return this.openFile(this.directory);
  }

  /** Gives false, and says it once, when there is no room. */
  reserve(bytes: number): boolean {
    if (this.used + bytes <= this.bytesMax) {
      this.used += bytes;
      return true;
    }
    if (!this.hasWarned && this.bytesMax > 0) {
      this.hasWarned = true;
      this.warn(
        `The destination is slower than the database, and what it has not taken yet fills the spool (${this.used} of ${this.bytesMax} bytes in ${this.directory}): from now on the server has to wait, with its statement open. Raise spool_bytes to keep more.`,
      );
    }
    return false;
  }

  free(bytes: number): void {
    this.used -= bytes;
    for (const wake of this.waiting) wake();
  }

  /** Calls when room is made, until the function that it gives is called. */
  onFreed(wake: () => void): () => void {
    this.waiting.add(wake);
    return () => this.waiting.delete(wake);
  }
}
