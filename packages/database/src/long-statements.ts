/** Whoever listens hears this often of a statement that is under way: more often than the shortest patience. */
const BEAT_MS = 250;

/**
 * Says of statements that last that they are alive, so that whoever waits for rows does not take the source for dead. Only while
 * one may still be running: after the time-out for statements the server would have ended it, so a server that is gone is
 * noticed all the same.
 */
export class LongStatements {
  /** Without `alive` nobody listens. `seconds` is the time-out for statements; 0: there is none, and no end to the beats. */
  constructor(
    private readonly alive?: () => void,
    private readonly seconds = 0,
  ) {}

  /** Passes on what a statement gives. To be called when its connection is open: connecting is no sign of life. */
  async during<T>(statement: Promise<T>): Promise<T> {
    const { alive } = this;
    if (!alive) return statement;
    let left = this.seconds > 0 ? Math.ceil((this.seconds * 1000) / BEAT_MS) : Number.POSITIVE_INFINITY;
    // Counted, not measured: the clock may jump, and a process that was stopped waits on where it was.
    const timer = setInterval(() => {
      if (left-- > 0) alive();
      else clearInterval(timer);
    }, BEAT_MS);
    timer.unref();
    try {
      return await statement;
    } finally {
      clearInterval(timer);
    }
  }

  /** Passes on what comes of one statement piece by piece; the time-out counts anew for each. */
  async *each<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.during(iterator.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
