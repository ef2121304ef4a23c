import type { Socket } from 'node:net';
import type { Client } from './clients.js';

/** What one COPY brought: whole rows of COPY's text format, one after the other, each ended by a newline. */
export interface CopiedRows {
  readonly buffer: Buffer;
  /** Bytes of `buffer` that are rows. */
  readonly length: number;
  readonly rows: number;
  /** Bytes of the longest row. */
  readonly longest: number;
  /** There were more rows: reading stopped when `bytesMax` was reached. The session cannot be used any more. */
  readonly isCut: boolean;
  /** The single value of a query that followed the COPY in the same transaction, if any. */
  readonly after: string | null | undefined;
}

/** A COPY that is taken a piece at a time: the server waits while nobody asks. */
export class CopyPieces {
  private readonly copy: CopyOut;
  private waiting: { resolve: (rows: CopiedRows) => void; reject: (error: unknown) => void } | undefined;
  private ready: CopiedRows | undefined;
  private failure: unknown;
  private isOver = false;

  constructor(client: Client, text: string, bytesMax: number) {
    this.copy = new CopyOut(
      text,
      Buffer.allocUnsafeSlow(FIRST_BYTES),
      bytesMax,
      (rows) => {
        this.isOver = !rows.isCut;
        this.ready = rows;
        this.settle();
      },
      (error) => {
        this.failure = error;
        this.settle();
      },
    );
    client.query(this.copy as never);
  }

  /** The next rows, `isCut` while there are more. `into` is a buffer that is not needed any more. */
  next(into: Buffer | undefined): Promise<CopiedRows> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      if (this.ready || this.failure !== undefined) this.settle();
      else if (!this.isOver) this.copy.goOn(into);
    });
  }

  private settle(): void {
    const { waiting, ready, failure } = this;
    if (!waiting) return;
    this.waiting = undefined;
    this.ready = undefined;
    if (failure !== undefined) waiting.reject(failure);
    else if (ready) waiting.resolve(ready);
  }
}

/** The part of the driver's connection that is used here. */
interface Connection {
  readonly stream: Socket;
  query(text: string): void;
}

const COPY_DATA = 100;
const COPY_DONE = 99;
const COPY_OUT = 72;
const NOTICE = 78;
const PARAMETER_STATUS = 83;
const NOTIFICATION = 65;
const HEADER = 5;
const FIRST_BYTES = 1 << 16;

/**
 * Runs `COPY … TO STDOUT` (and, separated by a semicolon, one query after it) and gathers its rows in `into`, which grows when
 * it has to. The socket is read directly: the driver would make an object of every row. Stops at `bytesMax` when at least
 * one row is there. Throws what the server or the socket says.
 */
export function copyOut(client: Client, text: string, into: Buffer | undefined, bytesMax: number): Promise<CopiedRows> {
  return new Promise((resolve, reject) => {
    const copy = new CopyOut(text, into ?? Buffer.allocUnsafeSlow(FIRST_BYTES), bytesMax, resolve, reject);
    client.query(copy as never);
  });
}

class CopyOut {
  private connection!: Connection;
  private driver!: (chunk: Buffer) => void;
  private attached = false;
  private length = 0;
  private rows = 0;
  private longest = 0;
  private rowStart = 0;
  private isCut = false;
  private pending: Buffer | undefined;
  private after: string | null | undefined;
  /** A header that came in two pieces. */
  private readonly partial = Buffer.alloc(HEADER);
  private partialLength = 0;
  /** Bytes of the message in hand that are still to come. */
  private left = 0;
  private code = 0;

  constructor(
    private readonly text: string,
    private buffer: Buffer,
    private readonly bytesMax: number,
    private readonly resolve: (rows: CopiedRows) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  submit(connection: Connection): void {
    this.connection = connection;
    const { stream } = connection;
    const listeners = stream.listeners('data') as ((chunk: Buffer) => void)[];
    this.driver = listeners[0]!;
    stream.removeListener('data', this.driver);
    stream.on('data', this.onData);
    this.attached = true;
    connection.query(this.text);
  }

  handleError(error: unknown): void {
    this.detach();
    this.reject(error);
  }

  handleReadyForQuery(): void {
    this.detach();
    this.resolve(this.result());
  }

  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleEmptyQuery(): void {}

  handleDataRow(message: { fields: (string | null)[] }): void {
    this.after = message.fields[0] ?? null;
  }

  /** Goes on after a piece was cut off. */
  goOn(into: Buffer | undefined): void {
    if (!this.isCut) return;
    this.isCut = false;
    this.buffer = into ?? Buffer.allocUnsafeSlow(this.buffer.length);
    this.length = this.rows = this.longest = this.rowStart = 0;
    this.connection.stream.on('data', this.onData);
    this.attached = true;
    const { pending } = this;
    this.pending = undefined;
    if (pending) this.onData(pending);
    // What was pending may have filled another piece.
    if (!this.isCut) this.connection.stream.resume();
  }

  private readonly onData = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length) {
      if (this.left === 0) {
        const start = this.header(chunk, at);
        if (start < 0) return;
        if (!this.isOurs()) {
          // The message goes to the driver with its header, whose beginning may have been in the chunk before.
          const rest = chunk.subarray(start);
          this.handBack(start - at === HEADER ? chunk.subarray(at) : Buffer.concat([this.partial, rest]));
          return;
        }
        at = start;
        if (this.code === COPY_DATA) this.makeRoom();
      }
      at = this.take(chunk, at);
      if (this.left > 0) return;
      if (this.code === COPY_DONE) {
        this.handBack(chunk.subarray(at));
        return;
      }
      if (this.code === COPY_DATA && this.isFull()) {
        this.cut(chunk.subarray(at));
        return;
      }
    }
  };

  /** Reads a message's header; gives where its content begins, or -1 when the rest of it is still to come. */
  private header(chunk: Buffer, from: number): number {
    let at = from;
    if (this.partialLength === 0 && chunk.length - at >= HEADER) {
      this.code = chunk[at]!;
      this.left = chunk.readUInt32BE(at + 1) - 4;
      return at + HEADER;
    }
    while (this.partialLength < HEADER && at < chunk.length) this.partial[this.partialLength++] = chunk[at++]!;
    if (this.partialLength < HEADER) return -1;
    this.partialLength = 0;
    this.code = this.partial[0]!;
    this.left = this.partial.readUInt32BE(1) - 4;
    return at;
  }

  private isOurs(): boolean {
    switch (this.code) {
      case COPY_DATA:
      case COPY_OUT:
      case COPY_DONE:
      // May come at any time between rows, and mean nothing here.
      case NOTICE:
      case PARAMETER_STATUS:
      case NOTIFICATION:
        return true;
      default:
        return false;
    }
  }

  private take(chunk: Buffer, at: number): number {
    const count = Math.min(this.left, chunk.length - at);
    if (this.code === COPY_DATA && count > 0) {
      // Short rows, which most are, are copied faster by hand than by a call.
      if (count < 24) for (let i = 0; i < count; i++) this.buffer[this.length + i] = chunk[at + i]!;
      else chunk.copy(this.buffer, this.length, at, at + count);
      this.length += count;
    }
    this.left -= count;
    return at + count;
  }

  private makeRoom(): void {
    const needed = this.length + this.left;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.buffer.length * 2, this.bytesMax * 2)));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  /** Counts a row that is whole now; true when the piece has its size. */
  private isFull(): boolean {
    this.rows++;
    const size = this.length - this.rowStart;
    if (size > this.longest) this.longest = size;
    this.rowStart = this.length;
    return this.length >= this.bytesMax;
  }

  private cut(rest: Buffer): void {
    this.isCut = true;
    this.pending = rest.length > 0 ? Buffer.from(rest) : undefined;
    this.detach(false);
    this.resolve(this.result());
  }

  private result(): CopiedRows {
    const { buffer, length, rows, longest, isCut, after } = this;
    return { buffer, length, rows, longest, isCut, after };
  }

  private handBack(rest: Buffer): void {
    this.partialLength = 0;
    this.left = 0;
    this.detach();
    if (rest.length > 0) this.driver(rest);
  }

  private detach(giveBack = true): void {
    if (!this.attached) return;
    this.attached = false;
    const { stream } = this.connection;
    stream.removeListener('data', this.onData);
    if (giveBack) stream.on('data', this.driver);
    else stream.pause();
  }
}
