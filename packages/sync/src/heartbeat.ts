/** The source may be silent for so long (an hour) before it counts as dead. */
export const DEFAULT_HEARTBEAT_SECONDS = 3_600;
/** Silence is looked at so many times in that time: a machine that slept through all of it wakes up to one look. */
const LOOKS = 4;

/**
 * Listens to a source. Everything that it does is a sign of life: a page, a log line, `RunContext.alive`. While it waits for
 * the destination it need not give any. Goes by timers, not by the clock, which may jump.
 */
export class Heartbeat {
  private looks = 0;
  private waiting = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly seconds: number,
    private readonly onSilence: () => void,
  ) {}

  /** Begins to listen; with 0 seconds it never does. */
  start(): void {
    if (this.seconds <= 0) return;
    this.timer = setInterval(() => this.look(), (this.seconds * 1_000) / LOOKS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  readonly beat = (): void => {
    this.looks = 0;
  };

  /** Passes on what the source waits for. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.waiting++;
    try {
      return await work;
    } finally {
      this.waiting--;
      this.beat();
    }
  }

  private look(): void {
    if (this.waiting > 0) return;
    this.looks++;
    if (this.looks < LOOKS) return;
    this.stop();
    this.onSilence();
  }
}
