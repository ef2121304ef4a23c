import type { ApiResponse } from './response.js';

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

/** Sends requests for the words: rate limits, cache, redaction. Retries are the requester's, by its error handler. */
export interface HttpClient {
  send(request: ApiRequest, options: { signal: AbortSignal; useCache?: boolean }): Promise<ApiResponse>;
  close(): Promise<void>;
}
