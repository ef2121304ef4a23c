/** How a sync goes on by itself after an attempt that failed. The names are those of connection.yaml. */
export interface RetryPolicy {
  /** So many attempts in a row may get nowhere; then the sync gives up. At least 1. */
  attempts: number;
  /** The wait after the first attempt that got nowhere. */
  backoff_seconds: number;
  /** Each wait is so many times the one before it. */
  backoff_factor: number;
  /** No wait is longer. */
  max_backoff_seconds: number;
}

/** 10 s, 30 s, 90 s, 270 s, then it gives up. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 5,
  backoff_seconds: 10,
  backoff_factor: 3,
  max_backoff_seconds: 1_800,
};

/** Longer waits than `setTimeout` takes are cut. */
const WAIT_MS_MAX = 2 ** 31 - 1;

/**
 * Decides whether and when the next attempt follows. An attempt that got on is followed by another at once, however many
 * there were; those that got nowhere are counted and waited after.
 */
export class Retry {
  private readonly policy: RetryPolicy | undefined;
  private stuck = 0;

  constructor(wish: Partial<RetryPolicy> | false | undefined) {
    if (wish === false) return;
    const given = Object.entries(wish ?? {}).filter(([, value]) => value !== undefined);
    this.policy = { ...DEFAULT_RETRY, ...Object.fromEntries(given) };
  }

  /** How many milliseconds to wait before the next attempt; undefined: there is none. */
  after(progressed: boolean): number | undefined {
    if (!this.policy) return undefined;
    if (progressed) {
      this.stuck = 0;
      return 0;
    }
    this.stuck++;
    const { attempts, backoff_seconds, backoff_factor, max_backoff_seconds } = this.policy;
    if (this.stuck >= attempts) return undefined;
    const seconds = Math.min(backoff_seconds * backoff_factor ** (this.stuck - 1), max_backoff_seconds);
    return Math.min(seconds * 1_000, WAIT_MS_MAX);
  }
}
