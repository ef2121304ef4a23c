import type { ReadingSettings } from '../dialect.js';
import { type Piece, RowPacker } from '../spool/piece.js';
import { type Client, type Clients, type RawRow, run, statementLimit } from './clients.js';

/** A destination may take as long as this, in seconds, before the server gives a statement up: the most that it knows. */
const WRITE_SECONDS = 31_536_000;

/** What a statement's rows are taken by. */
export interface PackedOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  /** So many values of each row. */
  readonly width: number;
  /** Aborted: the statement ends, with its session. */
  readonly stop: AbortSignal;
  /** A buffer that nobody needs any more. */
  readonly spare: () => Buffer | undefined;
}

/** The rows of one statement as pieces. While nobody asks for the next piece, the server waits. Throws what the driver throws. */
export async function* packedRows(options: PackedOptions, sql: string): AsyncGenerator<Piece> {
  const { clients, settings, stop } = options;
  const client = await clients.take();
  let isHeld = true;
  const release = (broken: boolean): void => {
    if (isHeld) clients.release(client, broken);
    isHeld = false;
  };
  let taking: Taking | undefined;
  let cut: (reason: unknown) => void = () => undefined;
  // The driver says nothing to whoever waits for a session that we cut.
  const whenCut = new Promise<never>((_, reject) => {
    cut = reject;
  });
  whenCut.catch(() => undefined);
  const cancel = (): void => {
    release(true);
    const reason = new Error('the statement was cancelled');
    cut(reason);
    taking?.fail(reason);
  };
  stop.addEventListener('abort', cancel);
  const set = async (seconds: number, write: number | 'DEFAULT'): Promise<void> => {
    const limit = await statementLimit(client, seconds);
    await run(client, `SET SESSION net_write_timeout = ${write}, ${limit}`);
  };
  try {
    if (stop.aborted) return;
    await Promise.race([set(0, WRITE_SECONDS), whenCut]);
    taking = new Taking(client, sql, options);
    for (;;) {
      const piece = await taking.next();
      if (piece.isLast) {
        await Promise.race([set(settings.statement_timeout_seconds, 'DEFAULT'), whenCut]);
        release(false);
      }
      yield piece;
      if (piece.isLast) return;
    }
  } finally {
    stop.removeEventListener('abort', cancel);
    release(true);
  }
}

/** A statement that is taken a piece at a time. */
class Taking {
  private readonly packer: RowPacker;
  private ready: Piece | undefined;
  private failure: { error: unknown } | undefined;
  private wake: () => void = () => undefined;
  private isPaused = false;

  constructor(
    private readonly client: Client,
    sql: string,
    { settings, width, spare }: PackedOptions,
  ) {
    this.packer = new RowPacker(settings.page_rows, settings.page_bytes, spare);
    const query = client.query({ sql, rowsAsArray: true, typeCast: false });
    // A session that was lost tells it by itself, not by the query.
    client.on('error', this.fail);
    query.on('error', this.fail);
    query.on('result', (result: unknown) => {
      if (Array.isArray(result) && this.packer.add(result as RawRow, width)) this.full();
    });
    query.on('end', () => {
      client.off('error', this.fail);
      if (!this.failure) this.ready = this.packer.take(true);
      this.wake();
    });
  }

  readonly fail = (error: unknown): void => {
    this.failure ??= { error };
    this.wake();
  };

  /** The last one may be empty. */
  async next(): Promise<Piece> {
    for (;;) {
      const { ready, failure } = this;
      if (ready) {
        this.ready = undefined;
        return ready;
      }
      if (failure) throw failure.error;
      const changed = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      if (this.isPaused) {
        this.isPaused = false;
        this.client.resume();
      }
      if (!this.ready && !this.failure) await changed;
    }
  }

  private full(): void {
    this.ready = this.packer.take(false);
    this.isPaused = true;
    this.client.pause();
    this.wake();
  }
}
