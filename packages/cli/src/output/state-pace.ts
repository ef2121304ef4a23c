const FREE_BYTES = 4096;
const RECORD_BYTES_PER_STATE_BYTE = 40;
const QUIET_MILLISECONDS = 60_000;

/**
 * When the next state of a stream is due. A small state follows every page. A large one waits until 40 times its size went
 * out in records, so that states stay at a few per cent of the output, or until a minute has passed: an API that is
 * slow, or sends many empty pages, must not lose an hour's work.
 */
export class StatePace {
  private lastBytes = 0;
  private recordBytes = 0;
  private lastTime: number;

  /** `now` gives milliseconds that only ever grow. */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.lastTime = now();
  }

  /** Counts a page; true when a state is due after it. Asked before the state is made, because a large one costs. */
  isDue(pageBytes: number): boolean {
    this.recordBytes += pageBytes;
    if (this.lastBytes <= FREE_BYTES) return true;
    return (
      this.recordBytes >= this.lastBytes * RECORD_BYTES_PER_STATE_BYTE ||
      this.now() - this.lastTime >= QUIET_MILLISECONDS
    );
  }

  /** A state of this size went out. */
  sent(stateBytes: number): void {
    this.lastBytes = stateBytes;
    this.recordBytes = 0;
    this.lastTime = this.now();
  }
}
