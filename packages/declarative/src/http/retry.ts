import type { LogLevel } from '@tidemark/protocol';
import { ConnectorError, type ErrorKind } from '@tidemark/source';
import type { Authenticator } from '../components/auth/slot.js';
import type { ErrorHandler, Outcome, Resolution } from '../components/error-handlers/slot.js';
import type { ApiRequest, HttpClient } from './client.js';
import { describeResponse, plainUrl } from './describe.js';
import type { ApiResponse } from './response.js';
import { retryAfterSeconds } from './retry-after.js';
import {
  PageSizeReductionSignal,
  PaginationResetSignal,
  PositionRefused,
  RequestWindowSplitSignal,
} from './signals.js';

const ROTATION_SECONDS = 0.1;

/** What sending a request until it is answered needs. */
export interface Attempts {
  client: HttpClient;
  handler: ErrorHandler;
  authenticator?: Authenticator;
  /** The request as it is to be sent now; called again for each attempt, since credentials change. */
  prepare: () => Promise<ApiRequest>;
  signal: AbortSignal;
  useCache: boolean;
  clock: () => number;
  log: (level: LogLevel, message: string) => void;
  redact: (text: string) => string;
  /** The most a single wait may take, seconds. */
  waitSecondsMax: number;
  /** The first page of a resumed unit: its token may have died meanwhile. */
  isResumed?: boolean;
}

/** Answers that refuse a page token rather than the whole request. */
const TOKEN_REFUSED = new Set([400, 404, 410, 416]);

/**
 * Sends a request and does what the error handler says of the outcome, until that is an answer. Undefined when the answer is
 * an error that is to be ignored.
 * Throws ConnectorError when the handler says so or its retries are used up, and the signals of signals.ts.
 */
export async function sendWithRetries(attempts: Attempts): Promise<ApiResponse | undefined> {
  const count = new RetryCount(attempts.handler.maxRetries);
  let renewed: boolean | undefined;
  for (let attempt = 1; ; attempt++) {
    const request = await attempts.prepare();
    const outcome = await outcomeOf(request, attempts, attempt > 1);
    if (attempts.isResumed && outcome.response && TOKEN_REFUSED.has(outcome.response.status)) {
      throw new PositionRefused(outcome.response.status);
    }
    const resolution = attempts.handler.resolve(outcome) ?? { action: 'RETRY', failureType: 'system_error' };
    const facts: Facts = { request, outcome, resolution, attempts };
    switch (resolution.action) {
      case 'SUCCESS':
        return answered(facts);
      case 'IGNORE':
        attempts.log('INFO', attempts.redact(`Ignored: ${sentence(facts)}`));
        return answered(facts);
      case 'FAIL':
        throw failure(facts);
      case 'RESET_PAGINATION':
        throw new PaginationResetSignal(attempts.redact(sentence(facts)), kindOf(resolution));
      case 'REDUCE_PAGE_SIZE':
        throw new PageSizeReductionSignal(attempts.redact(sentence(facts)), kindOf(resolution));
      case 'SPLIT_REQUEST_WINDOW':
        throw new RequestWindowSplitSignal(attempts.redact(sentence(facts)), kindOf(resolution));
      case 'REFRESH_TOKEN_THEN_RETRY':
        if (renewed !== undefined) throw refusedAgain(facts, renewed);
        renewed = attempts.authenticator?.renew?.(request) ?? false;
    }
    const seconds = count.next(facts, attempt);
    if (seconds === undefined) throw exhausted(facts, attempt);
    await wait(seconds, facts);
  }
}

/** One attempt's outcome and what was decided about it. */
interface Facts {
  request: ApiRequest;
  outcome: Outcome;
  resolution: Resolution;
  attempts: Attempts;
}

async function outcomeOf(request: ApiRequest, attempts: Attempts, refresh: boolean): Promise<Outcome> {
  const { client, signal, authenticator, useCache } = attempts;
  try {
    const response = await client.send(request, { signal, useCache, refresh });
    authenticator?.observe?.(request, response);
    return { response };
  } catch (error) {
    signal.throwIfAborted();
    // What is one of ours already (a budget that is used up) is no outcome that a handler could judge.
    if (error instanceof ConnectorError || !(error instanceof Error)) throw error;
    return { error };
  }
}

/** An answer that is an error and yet none to us has no records. */
function answered({ outcome, resolution }: Facts): ApiResponse | undefined {
  if (outcome.error && resolution.action === 'SUCCESS') throw outcome.error;
  return outcome.response && outcome.response.status < 400 ? outcome.response : undefined;
}

/**
 * Counts attempts by what decides the wait: a strategy, a rate limit, or nothing in particular. Each has the handler's retries;
 * those of the inner kinds begin anew when an outer one is met.
 */
class RetryCount {
  private strategy = 0;
  private rateLimit = 0;
  private plain = 0;
  private readonly tries: number;
  constructor(maxRetries: number) {
    this.tries = Math.max(0, maxRetries) + 1;
  }
  /** Seconds to wait before the next attempt; undefined when there is none left. */
  next({ request, outcome, resolution, attempts }: Facts, attempt: number): number | undefined {
    const canRotate =
      resolution.action === 'RATE_LIMITED' && attempts.authenticator?.hasAlternative?.(request) === true;
    // Other credentials can ask at once: how long these must wait does not matter. A moment, lest a mistake becomes a storm.
    if (canRotate) return ++this.strategy >= this.tries ? undefined : ROTATION_SECONDS;
    const seconds = attempts.handler.backoffSeconds(outcome, attempt);
    if (seconds) {
      // A second more, because limits are told in whole seconds.
      return ++this.strategy >= this.tries ? undefined : seconds + 1;
    }
    const asked = outcome.response && retryAfterSeconds(outcome.response, attempts.clock());
    this.strategy = 0;
    if (resolution.action === 'RATE_LIMITED') {
      return ++this.rateLimit >= this.tries ? undefined : (asked ?? 2 ** (this.rateLimit - 1));
    }
    this.rateLimit = 0;
    return ++this.plain >= this.tries ? undefined : (asked ?? 2 ** (this.plain - 1));
  }
}

async function wait(seconds: number, facts: Facts): Promise<void> {
  const { attempts } = facts;
  if (seconds > attempts.waitSecondsMax) {
    const message = `${sentence(facts)} The next attempt would be in ${Math.ceil(seconds)} s, longer than the ${attempts.waitSecondsMax} s that may be waited.`;
    throw new ConnectorError('transient', attempts.redact(message), { detail: detailOf(facts) });
  }
  attempts.log('INFO', attempts.redact(`${sentence(facts)} Next attempt in ${Math.round(seconds * 10) / 10} s.`));
  await attempts.client.sleep(seconds * 1000, attempts.signal);
}

function sentence({ request, outcome, resolution }: Facts): string {
  if (resolution.message) return resolution.message;
  const what = `${request.method} ${plainUrl(request.url)}`;
  return outcome.response
    ? `${what} was answered with status ${outcome.response.status}.`
    : `${what} failed: ${outcome.error.message}`;
}

function failure(facts: Facts): ConnectorError {
  const message = facts.attempts.redact(sentence(facts));
  return new ConnectorError(kindOf(facts.resolution), message, { detail: detailOf(facts), cause: facts.outcome.error });
}

function exhausted(facts: Facts, attempt: number): ConnectorError {
  const isRateLimit = facts.outcome.response?.status === 429;
  const message = `${sentence(facts)} Given up after ${attempt} attempt${attempt === 1 ? '' : 's'}.`;
  const kind = isRateLimit ? 'transient' : kindOf(facts.resolution);
  return new ConnectorError(kind, facts.attempts.redact(message), {
    detail: detailOf(facts),
    cause: facts.outcome.error,
  });
}

function refusedAgain(facts: Facts, renewed: boolean): ConnectorError {
  const why = renewed
    ? 'The API refuses the access token, the renewed one too.'
    : 'The API refuses the access token, and it cannot be renewed.';
  return new ConnectorError(renewed ? 'config' : 'transient', facts.attempts.redact(`${why} ${sentence(facts)}`), {
    detail: detailOf(facts),
  });
}

function detailOf({ request, outcome, attempts }: Facts): string {
  const what = `${request.method} ${request.url}`;
  const text = outcome.response
    ? `${what}: ${describeResponse(outcome.response, attempts.redact)}`
    : `${what}: ${outcome.error.stack ?? outcome.error.message}`;
  return attempts.redact(text);
}

function kindOf(resolution: Resolution): ErrorKind {
  switch (resolution.failureType) {
    case 'config_error':
      return 'config';
    case 'transient_error':
      return 'transient';
    default:
      return 'system';
  }
}
