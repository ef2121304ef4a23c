import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { localError } from '../files/local-errors.js';
import type { LineHead } from './lines.js';

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
        await this.copyKept(removals, (text) => out.appendFile(text));
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

  private async copyKept(removals: readonly Removal[], put: (text: string) => Promise<void>): Promise<number> {
    const lines = createInterface({ input: createReadStream(this.path), crlfDelay: Number.POSITIVE_INFINITY });
    let removed = 0;
    let text = '';
    for await (const line of lines) {
      const removal = removals.filter(({ start }) => line.startsWith(start));
      if (removal.length > 0 && removal.some(({ of }) => of(JSON.parse(line) as LineHead))) {
        removed++;
        continue;
      }
      text += `${line}\n`;
      if (text.length < 1024 * 1024) continue;
      await put(text);
      text = '';
    }
    await put(text);
    return removed;
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw localError(error, this.path);
    }
  }
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
