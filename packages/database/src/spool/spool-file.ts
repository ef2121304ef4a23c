import { ConnectorError } from '@tidemark/source';
import type { SpoolHandle } from './hidden-file.js';
import type { Piece } from './piece.js';
import type { SpoolSpace } from './spool-space.js';

/** Before each piece: bytes, rows, bytes of the longest row, and whether it is the last, as doubles. */
const HEADER = 32;

/** One file; pieces are written at its end and read from its beginning. */
interface Segment {
  readonly handle: SpoolHandle;
  written: number;
  read: number;
}

/**
 * Pieces on disk, first in, first out. They lie in several files, each closed (and with that gone) when all of it was read: the
 * disk that is used follows what is unread. One writes, one reads, at the same time.
 */
export class SpoolFile {
  private readonly segments: Segment[] = [];
  private unread = 0;
  private isWriting = false;
  private readonly header = Buffer.alloc(HEADER);
  private readonly readHeader = Buffer.alloc(HEADER);

  constructor(
    private readonly space: SpoolSpace,
    /** What the pieces are of, for messages: `Reading public.users`. */
    private readonly doing: string,
  ) {}

  /** Whole pieces that nobody has read. */
  get pieces(): number {
    return this.unread;
  }

  /** Gives false when there is no room for it. Throws ConnectorError (config) when the disk does not take it. */
  async write(piece: Piece): Promise<boolean> {
    const { space, header } = this;
    const bytes = HEADER + piece.length;
    if (!space.reserve(bytes)) return false;
    const facts = [piece.length, piece.rows, piece.longest, piece.isLast ? 1 : 0];
    for (const [i, fact] of facts.entries()) header.writeDoubleLE(fact, i * 8);
    this.isWriting = true;
    try {
      let segment = this.segments.at(-1);
      if (!segment || segment.written >= space.segmentBytes) {
        segment = { handle: await space.open(), written: 0, read: 0 };
        this.segments.push(segment);
      }
      await writeAll(segment.handle, header, HEADER, segment.written);
      await writeAll(segment.handle, piece.buffer, piece.length, segment.written + HEADER);
      segment.written += bytes;
    } catch (error) {
      space.free(bytes);
      throw this.problem(error, 'written');
    } finally {
      this.isWriting = false;
    }
    this.unread++;
    return true;
  }

  /** The oldest piece; `bufferOf` gives a buffer of at least so many bytes. Throws ConnectorError when it cannot be read. */
  async read(bufferOf: (bytes: number) => Buffer): Promise<Piece> {
    const segment = this.segments.find(({ read, written }) => read < written)!;
    const { readHeader } = this;
    try {
      await readAll(segment.handle, readHeader, HEADER, segment.read);
      const [length, rows, longest, isLast] = [0, 8, 16, 24].map((at) => readHeader.readDoubleLE(at));
      const buffer = bufferOf(length!);
      await readAll(segment.handle, buffer, length!, segment.read + HEADER);
      segment.read += HEADER + length!;
      this.unread--;
      return { buffer, length: length!, rows: rows!, longest: longest!, isLast: isLast === 1 };
    } catch (error) {
      throw this.problem(error, 'read');
    }
  }

  /** Closes the files that were read to their end, but for the one that is being written. */
  async sweep(): Promise<void> {
    for (const segment of [...this.segments]) {
      const grows = this.isWriting && segment === this.segments.at(-1);
      if (segment.read < segment.written || grows) return;
      await this.drop(segment);
    }
  }

  /** Everything is gone, read or not. Nobody may be writing or reading. */
  async close(): Promise<void> {
    this.unread = 0;
    for (const segment of [...this.segments]) await this.drop(segment);
  }

  private async drop(segment: Segment): Promise<void> {
    this.segments.splice(this.segments.indexOf(segment), 1);
    await segment.handle.close().catch(() => undefined);
    this.space.free(segment.written);
  }

  private problem(error: unknown, verb: string): ConnectorError {
    const { directory } = this.space;
    const { code = '', message } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException;
    const full = /^(ENOSPC|EDQUOT|EFBIG)$/.test(code) ? ' The disk is full.' : '';
    return new ConnectorError(
      'config',
      `${this.doing} failed: the destination is slower than the database, and the rows that wait for it cannot be ${verb} in ${directory}.${full} (${message}) Make room there, name another directory (spool_directory), or let less be written (spool_bytes; 0: nothing, the server waits instead).`,
      { cause: error },
    );
  }
}

async function writeAll(handle: SpoolHandle, bytes: Uint8Array, length: number, at: number): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesWritten } = await handle.write(bytes, done, length - done, at + done);
    if (bytesWritten === 0) throw new Error('nothing could be written');
    done += bytesWritten;
  }
}

async function readAll(handle: SpoolHandle, into: Uint8Array, length: number, at: number): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(into, done, length - done, at + done);
    if (bytesRead === 0) throw new Error('the file ends too early');
    done += bytesRead;
  }
}
