import { ConnectorError } from '@tidemark/source';
import type { SyncEvent } from './progress.js';
import type { SyncResult } from './result.js';
import { type SyncSettings, sync } from './sync.js';

/** After a stop observers have until so long after it, and this much at the least: a stop takes under five seconds. */
const STOPPED_MS = 4_500;
const OVER_MS_MIN = 250;

/** Somebody who is told what a sync does: webhooks, telemetry, a display. Nothing that it throws touches the sync. */
export interface SyncObserver {
  event(event: SyncEvent): void;
  /** The sync is over: how it ended, or why it could not begin. */
  over(end: SyncEnd): void;
  /** Gives out what is still to be given out, in bounded time: no more than `ms` where that is given. */
  close(ms?: number): Promise<void>;
}

/** How a sync ended: by a result, or by the error that kept it from beginning. */
export type SyncEnd = { result: SyncResult; error?: undefined } | { result?: undefined; error: ConnectorError };

/**
 * `sync` with observers. The settings may come as a function, so that observers hear of a source that cannot be made, too.
 * Throws what `sync` throws.
 */
export async function observedSync(
  given: SyncSettings | (() => Promise<SyncSettings>),
  observers: readonly SyncObserver[],
): Promise<SyncResult> {
  let log: SyncSettings['log'];
  const tell = (what: (observer: SyncObserver) => void): void => {
    for (const observer of observers) {
      try {
        what(observer);
      } catch (error) {
        log?.('DEBUG', `An observer of the sync has failed: ${String(error)}`);
      }
    }
  };
  let stoppedAt: number | undefined;
  let signal: AbortSignal | undefined;
  const stopping = (): void => {
    stoppedAt = performance.now();
  };
  try {
    const settings = typeof given === 'function' ? await given() : given;
    log = settings.log;
    signal = settings.signal ?? settings.context?.signal;
    if (signal?.aborted) stopping();
    else signal?.addEventListener('abort', stopping, { once: true });
    const onEvent = (event: SyncEvent): void => {
      settings.onEvent?.(event);
      tell((observer) => observer.event(event));
    };
    const result = await sync({ ...settings, onEvent });
    tell((observer) => observer.over({ result }));
    return result;
  } catch (error) {
    tell((observer) => observer.over({ error: ConnectorError.from(error) }));
    throw error;
  } finally {
    signal?.removeEventListener('abort', stopping);
    const left =
      stoppedAt === undefined ? undefined : Math.max(OVER_MS_MIN, STOPPED_MS - (performance.now() - stoppedAt));
    await Promise.all(observers.map((observer) => observer.close(left).catch(() => undefined)));
  }
}
