import { slot } from '../../component/slot.js';
import type { ApiResponse } from '../../http/response.js';

/** What is to happen after an answer or a network error. */
export type ResponseAction =
  | 'SUCCESS'
  | 'FAIL'
  | 'RETRY'
  | 'IGNORE'
  | 'RESET_PAGINATION'
  | 'RATE_LIMITED'
  | 'REFRESH_TOKEN_THEN_RETRY'
  | 'REDUCE_PAGE_SIZE'
  | 'SPLIT_REQUEST_WINDOW';

/** A decision with its reason. */
export interface Resolution {
  action: ResponseAction;
  failureType?: 'system_error' | 'config_error' | 'transient_error';
  /** A sentence for the user. */
  message?: string;
  /** A filter of the manifest decided, not a default. */
  isExplicit?: boolean;
}

/** An answer, or the error that came instead of one. */
export type Outcome = { response: ApiResponse; error?: undefined } | { response?: undefined; error: Error };

/** Judges answers. */
export interface ErrorHandler {
  /** What to do; undefined when this handler has nothing to say about it (a composite asks the next one). */
  resolve(outcome: Outcome): Resolution | undefined;
  readonly maxRetries: number;
  /** Seconds to wait before attempt `attempt` (1 is the first retry); undefined: the default exponential backoff. */
  backoffSeconds(outcome: Outcome, attempt: number): number | undefined;
}

export const errorHandlerSlot = slot<ErrorHandler>('error handler');

/** A filter of answers: the decision when it matches. */
export interface ResponseFilter {
  resolve(outcome: Outcome): Resolution | undefined;
}
export const responseFilterSlot = slot<ResponseFilter>('response filter');

/** How long to wait. */
export interface BackoffStrategy {
  /** Seconds, or undefined when this strategy finds nothing to go by. */
  seconds(outcome: Outcome, attempt: number): number | undefined;
}
export const backoffStrategySlot = slot<BackoffStrategy>('backoff strategy');
