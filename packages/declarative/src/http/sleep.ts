import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** Waits; rejects with the signal's reason when it is aborted. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

// Long waits are taken in pieces: a machine that slept meanwhile wakes up within one of them, and no timer overflows.
const PIECE_MILLISECONDS = 300_000;
/** Whoever waits on purpose says so this often. */
const ALIVE_MILLISECONDS = 1_000;

/** The real wait. `alive` is called now and then while it lasts. */
export function sleeper(alive?: () => void): Sleep {
  return async (milliseconds, signal) => {
    signal.throwIfAborted();
    // All readers of a stream may be waiting with the same signal.
    setMaxListeners(0, signal);
    const beat = alive && setInterval(alive, ALIVE_MILLISECONDS);
    try {
      for (let rest = milliseconds; rest > 0; rest -= PIECE_MILLISECONDS) {
        await wait(Math.min(rest, PIECE_MILLISECONDS), undefined, { signal });
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearInterval(beat);
      alive?.();
    }
  };
}
