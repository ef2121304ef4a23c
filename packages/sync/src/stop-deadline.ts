import { ConnectorError } from '@tidemark/source';

/** From the stop on: the source may say what it still has for so long. */
const SOURCE_MS = 2_800;
/** From the same moment on: everything is over by then, committed or left behind. A stop takes under five seconds. */
const ALL_MS = 4_000;

/** The sync was told to stop before anything of it had begun. */
export class SyncStopped extends ConnectorError {
  constructor(cause?: unknown) {
    super('transient', 'The sync was stopped before it had begun to read.', { cause });
    this.name = 'SyncStopped';
  }
}

/**
 * One deadline for all that a stop has to wait for, taken at the moment of the stop: steps that come one after the other share
 * it. Goes by timers, not by the clock, which may jump.
 */
export class StopDeadline {
  /** Settles when the source is waited for no longer; never without a stop. */
  readonly source: Promise<void>;
  /** Settles when nothing is waited for any longer; never without a stop. */
  readonly all: Promise<void>;
  private readonly timers: NodeJS.Timeout[] = [];
  private begin: () => void = () => undefined;

  constructor(readonly signal: AbortSignal) {
    const after = (ms: number, done: () => void) => this.timers.push(setTimeout(done, ms));
    let sourceOver: () => void = () => undefined;
    let allOver: () => void = () => undefined;
    this.source = new Promise((resolve) => {
      sourceOver = resolve;
    });
    this.all = new Promise((resolve) => {
      allOver = resolve;
    });
    this.begin = () => {
      after(SOURCE_MS, sourceOver);
      after(ALL_MS, allOver);
    };
    if (signal.aborted) this.begin();
    else signal.addEventListener('abort', this.begin, { once: true });
  }

  /**
   * Waits for something of the source's, after a stop no longer than the source is waited for: then SyncStopped is thrown, and
   * what comes all the same is given to `tooLate`.
   */
  async within<T>(work: Promise<T>, tooLate: (value: T) => unknown = () => undefined): Promise<T> {
    let isLate = false;
    work.then(
      (value) => isLate && tooLate(value),
      () => undefined,
    );
    const late = this.source.then(() => {
      isLate = true;
      throw new SyncStopped();
    });
    late.catch(() => undefined);
    return Promise.race([work, late]);
  }

  /** The sync is over: nothing keeps the process alive any more. */
  dispose(): void {
    this.signal.removeEventListener('abort', this.begin);
    for (const timer of this.timers) clearTimeout(timer);
  }
}
