import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorError } from '@tidemark/source';
import { LongStatements } from '../long-statements.js';

/** A server that sends nothing for so long, while its log is not read to the end, has gone. */
const SILENCE_SECONDS = 120;

/** What the reader of a log waits by, while the server sends when it likes. */
export class SignsOfLife {
  /** The first thing that went wrong; silence is one. */
  failure: unknown;
  private wake: () => void = () => undefined;
  private last = performance.now();

  /** `log` is what the server calls its log. */
  constructor(
    private readonly log: string,
    private readonly signal: AbortSignal,
    /** Says so while the server is waited for, until it has been silent for too long. */
    private readonly long = new LongStatements(),
  ) {}

  /** The server has sent something. */
  sign(): void {
    this.last = performance.now();
    this.wake();
  }

  fail(error: unknown): void {
    this.failure ??= error;
    this.sign();
  }

  /** Waits for the next sign, a second at most. */
  async next(): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.wake = resolve;
      this.signal.addEventListener('abort', () => resolve(), { once: true, signal: timer.signal });
    });
    const second = sleep(1_000, undefined, { signal: timer.signal }).catch(() => undefined);
    await this.long.during(Promise.race([woken, second]));
    timer.abort();
    if (performance.now() - this.last > SILENCE_SECONDS * 1000)
      this.failure ??= new ConnectorError(
        'transient',
        `The server has sent nothing of its ${this.log} for ${SILENCE_SECONDS} seconds.`,
      );
  }
}
