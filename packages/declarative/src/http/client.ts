import type { LogLevel } from '@tidemark/protocol';
import type { ApiBudget } from '../components/budget/slot.js';
import type { ResponseCache } from './cache.js';
import { waitForBudget } from './rate-limit.js';
import type { ApiResponse } from './response.js';
import { type Sleep, sleeper } from './sleep.js';

/** A request, ready to be sent. */
export interface ApiRequest {
  readonly method: string;
  /** Absolute, with its query. */
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly connectTimeoutSeconds?: number;
  readonly readTimeoutSeconds?: number;
  /** Give the body as a stream instead of buffering it. */
  readonly streamed?: boolean;
}

/** The one way to the network; a test or a platform puts its own in its place. Redirects, proxies and decompression are its own. */
export interface Transport {
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  close(): Promise<void>;
}

/** How one request is sent. */
export interface SendOptions {
  signal: AbortSignal;
  /** The answer may be one that was received before, and is kept for others. */
  useCache?: boolean;
  /** The kept answer was no good: ask again, keep the new one. */
  refresh?: boolean;
}

/** Sends requests for the words: rate limits, cache, redaction. Retries are the requester's, by its error handler. */
export interface HttpClient {
  send(request: ApiRequest, options: SendOptions): Promise<ApiResponse>;
  close(): Promise<void>;
  /** Waits between attempts; abortable, bounded by no one but the caller. */
  readonly sleep: Sleep;
}

/** What a client is made of. */
export interface HttpClientOptions {
  transport: Transport;
  /** Where answers of requests with `useCache` are kept; without it nothing is. */
  cache?: ResponseCache;
  /** Milliseconds since the epoch. */
  clock?: () => number;
  sleep?: Sleep;
  log?: (level: LogLevel, message: string) => void;
  /** Called with every answer and while a wait lasts. */
  alive?: () => void;
  /** The most a single wait for a rate limit may take, seconds. */
  waitSecondsMax?: number;
}

/** A client whose rate limits can be set once they are known: the manifest brings them. */
export interface BudgetedHttpClient extends HttpClient {
  setBudget(budget: ApiBudget | undefined): void;
}

/** The client of a source: every request of its words goes through it. */
export function createHttpClient(options: HttpClientOptions): BudgetedHttpClient {
  const { transport, cache, clock = Date.now, sleep = sleeper(options.alive), log = () => {} } = options;
  let budget: ApiBudget | undefined;
  const ask = async (request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> => {
    if (budget)
      await waitForBudget(budget, request, {
        signal,
        clock,
        sleep,
        log,
        waitSecondsMax: options.waitSecondsMax ?? 3600,
      });
    const response = await transport.send(request, signal);
    budget?.observe(request, response, clock());
    options.alive?.();
    return response;
  };
  return {
    sleep,
    setBudget(next) {
      budget = next;
    },
    send(request, { signal, useCache, refresh }) {
      const isKept =
        useCache === true &&
        cache !== undefined &&
        !request.streamed &&
        (request.method === 'GET' || request.method === 'HEAD');
      return isKept ? cache.fetch(request, { signal, refresh }, () => ask(request, signal)) : ask(request, signal);
    },
    async close() {
      await Promise.all([transport.close(), cache?.close()]);
    },
  };
}
