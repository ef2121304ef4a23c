import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** Waits; rejects with the signal's reason when it is aborted. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

// The longest delay that a timer can have.
const TIMER_MAX = 2 ** 31 - 1;

/** The real wait. */
export const sleep: Sleep = async (milliseconds, signal) => {
  signal.throwIfAborted();
  // All readers of a stream may be waiting with the same signal.
  setMaxListeners(0, signal);
  let rest = milliseconds;
  try {
    while (rest > 0) {
      await wait(Math.min(rest, TIMER_MAX), undefined, { signal });
      rest -= TIMER_MAX;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
