import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { localError } from '../files/local-errors.js';
import { LineSieve } from './line-sieve.js';
import type { LineHead } from './lines.js';

const PIECE_BYTES = 1024 * 1024;

/** Which lines go: all of a stream for which this holds. */
export interface Removal {
  /** `lineStart` of the stream. */
  start: string;
  of: (head: LineHead) => boolean;
}

/** A file of JSON lines: its end can be cut off, others appended, and lines taken out by writing it anew. */
export class JsonlFile {
  constructor(
    readonly path: string,
    /** What it is to become is written here. */
    private readonly next: string,
  ) {}

  /** Undefined when it is not there. */
  async size(): Promise<number | undefined> {
    return (await stat(this.path).catch(() => undefined))?.size;
  }

  /** Cuts it to this length; a file that is not there is made. */
  async truncate(length: number): Promise<void> {
    await this.guard(async () => {
      const file = await open(this.path, 'a');
      try {
        await file.truncate(length);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** Adds what other files hold, durably. */
  async append(files: readonly string[]): Promise<void> {
    await this.guard(() => copyInto(this.path, 'a', files));
  }

  /** How many lines would go. */
  async count(removals: readonly Removal[]): Promise<number> {
    if (removals.length === 0 || (await this.size()) === undefined) return 0;
    return this.guard(() => this.copyKept(removals, async () => undefined));
  }

  /** Writes what the file is to become: without some of its lines, with what other files hold. Says how long that is. */
  async prepare(removals: readonly Removal[], files: readonly string[]): Promise<number> {
    return this.guard(async () => {
      await rm(this.next, { force: true });
      const out = await open(this.next, 'w');
      try {
        await this.copyKept(removals, (bytes) => out.appendFile(bytes));
      } finally {
        await out.close();
      }
      await copyInto(this.next, 'a', files);
      return (await stat(this.next)).size;
    });
  }

  /** Puts what was prepared in its place; done already, it does nothing. */
  async swap(): Promise<void> {
    await this.guard(() =>
      rename(this.next, this.path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      }),
    );
  }

  async dropPrepared(): Promise<void> {
    await rm(this.next, { force: true });
  }

  private async copyKept(removals: readonly Removal[], put: (bytes: Buffer) => Promise<void>): Promise<number> {
    const sieve = new LineSieve((head) => isMeant(head, removals));
    for await (const piece of createReadStream(this.path, { highWaterMark: PIECE_BYTES }))
      for (const bytes of sieve.pass(piece as Buffer)) await put(bytes);
    for (const bytes of sieve.end()) await put(bytes);
    return sieve.removed;
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw localError(error, this.path);
    }
  }
}

function isMeant(head: string, removals: readonly Removal[]): boolean {
  const removal = removals.filter(({ start }) => head.startsWith(start));
  if (removal.length === 0) return false;
  const parsed = JSON.parse(head) as LineHead;
  return removal.some(({ of }) => of(parsed));
}

async function copyInto(path: string, flags: string, files: readonly string[]): Promise<void> {
  const out = await open(path, flags);
  try {
    for (const file of files) for await (const piece of createReadStream(file)) await out.appendFile(piece as Buffer);
    await out.sync();
  } finally {
    await out.close();
  }
}
