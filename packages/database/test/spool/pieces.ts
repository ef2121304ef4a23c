import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SpoolHandle } from '../../src/spool/hidden-file.js';
import { type Piece, packedTexts, RowPacker } from '../../src/spool/piece.js';

/** A piece of one row that has this text. */
export function piece(text: string, isLast = false): Piece {
  const packer = new RowPacker(1, 1);
  packer.add([Buffer.from(text)]);
  return packer.take(isLast);
}

/** The texts of a piece's rows of one value. */
export function textsOf(from: Piece): (string | null)[] {
  return [...packedTexts(from, ['utf8'])].map(([text]) => text!);
}

/** The spools' files that this process has open: their modes. The system shows them although they have no name. */
export function openFiles(directory: string): number[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    const path = `/proc/self/fd/${name}`;
    try {
      return readlinkSync(path).startsWith(join(directory, 'tidemark-spool-')) ? [statSync(path).mode & 0o777] : [];
    } catch {
      return [];
    }
  });
}

/** A disk that counts what it keeps, does little at a time, and may fail. */
export class SmallDisk {
  kept = 0;
  most = 0;
  files = 0;
  failure: (NodeJS.ErrnoException & { after: number }) | undefined;
  private written = 0;

  constructor(private readonly bytesAtOnce = Number.POSITIVE_INFINITY) {}

  /** From this many written bytes on, every write fails like this. */
  failAfter(bytes: number, code: string, message: string): void {
    this.failure = Object.assign(new Error(message), { code, after: bytes });
  }

  readonly open = async (): Promise<SpoolHandle> => {
    this.files++;
    let data = Buffer.alloc(0);
    return {
      write: async (bytes, from, length, at) => {
        const { failure } = this;
        if (failure && this.written >= failure.after) throw failure;
        const bytesWritten = Math.min(length, this.bytesAtOnce);
        await new Promise(setImmediate);
        if (data.length < at + bytesWritten) data = Buffer.concat([data], at + bytesWritten);
        data.set(bytes.subarray(from, from + bytesWritten), at);
        this.written += bytesWritten;
        this.kept += bytesWritten;
        this.most = Math.max(this.most, this.kept);
        return { bytesWritten };
      },
      read: async (into, from, length, at) => {
        await new Promise(setImmediate);
        const bytesRead = Math.min(length, this.bytesAtOnce, data.length - at);
        into.set(data.subarray(at, at + bytesRead), from);
        return { bytesRead };
      },
      close: async () => {
        this.kept -= data.length;
      },
    };
  };
}
