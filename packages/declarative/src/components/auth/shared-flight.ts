import { setMaxListeners } from 'node:events';

/** One piece of work for all who ask for it while it is under way. It is stopped when nobody waits for it any more. */
export class SharedFlight<T> {
  private flight: { promise: Promise<T>; abort: AbortController; waiting: number } | undefined;

  constructor(private readonly work: (signal: AbortSignal) => Promise<T>) {}

  /** The result. Rejects with the signal's reason when that is aborted; what is under way for others goes on. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.flight ??= this.start();
    const flight = this.flight;
    flight.waiting++;
    // All readers of a stream wait with the same signal.
    setMaxListeners(0, signal);
    const ended = new AbortController();
    try {
      const stopped = new Promise<never>((_resolve, reject) => {
        const leave = () => {
          if (--flight.waiting === 0) {
            flight.abort.abort(signal.reason);
            // Who comes now must not join what is being stopped.
            if (this.flight === flight) this.flight = undefined;
          }
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true, signal: ended.signal });
      });
      return await Promise.race([flight.promise, stopped]);
    } finally {
      ended.abort();
    }
  }

  private start() {
    const abort = new AbortController();
    const flight = { promise: this.work(abort.signal), abort, waiting: 0 };
    const land = () => {
      if (this.flight === flight) this.flight = undefined;
    };
    // Everyone who waits may have been aborted: then nobody else is there to see it fail.
    flight.promise.then(land, land);
    return flight;
  }
}
