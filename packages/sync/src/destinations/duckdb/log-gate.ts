import { statSync } from 'node:fs';
import type { Db } from './database.js';

/** DuckDB moves its log into the tables by itself from 16 MB on, but only while no transaction is open. */
const LOG_BYTES = 32 * 1024 * 1024;
/** A stream whose transaction cannot be committed for longer (a response without an end) is not waited for. */
const PATIENCE_MS = 2_000;

/**
 * Lets transactions of several streams run beside each other, and now and then waits until none is open, so that DuckDB
 * can empty its write-ahead log. Without that the log and the memory for what is in it would grow for as long as any two
 * streams overlap.
 */
export class LogGate {
  private open = 0;
  private closed: Promise<void> | undefined;
  private reopen = (): void => {};
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: Db,
    private readonly file: string,
  ) {}

  /** Transactions that are open should be committed soon: others wait for them. */
  get isClosing(): boolean {
    return this.closed !== undefined;
  }

  /** Before a transaction begins. */
  async enter(): Promise<void> {
    while (this.closed) await this.closed;
    this.open++;
  }

  /** After it was committed or rolled back. */
  async leave(): Promise<void> {
    this.open--;
    if (!this.closed && this.open > 0 && this.logBytes() > LOG_BYTES) this.close();
    if (this.closed && this.open === 0) await this.empty();
  }

  private close(): void {
    this.closed = new Promise((resolve) => {
      this.reopen = resolve;
    });
    this.patience = setTimeout(() => this.done(), PATIENCE_MS);
    this.patience.unref();
  }

  private async empty(): Promise<void> {
    clearTimeout(this.patience);
    // What was committed is safe in the log as well: when this fails, the next statement says why.
    await this.db.run('CHECKPOINT').catch(() => undefined);
    this.done();
  }

  private done(): void {
    clearTimeout(this.patience);
    this.closed = undefined;
    this.reopen();
  }

  private logBytes(): number {
    try {
      return statSync(`${this.file}.wal`).size;
    } catch {
      return 0;
    }
  }
}
