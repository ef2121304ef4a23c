import { ConnectorError } from '@tidemark/source';
import type { ApiRequest } from '../../http/client.js';
import { durationSeconds } from '../../http/duration.js';
import type { RequestMatcher } from './slot.js';

/** True when one of the matchers takes the request, or there are none. */
export function matchesAny(matchers: readonly RequestMatcher[], request: ApiRequest): boolean {
  return matchers.length === 0 || matchers.some((matcher) => matcher.matches(request));
}

/** How many calls the request counts as: the weight of the first matcher that takes it. */
export function weightOf(matchers: readonly RequestMatcher[], request: ApiRequest): number {
  return matchers.find((matcher) => matcher.matches(request))?.weight ?? 1;
}

/** Milliseconds of an ISO 8601 duration. Throws ConnectorError (config) when the text is none, or not longer than nothing. */
export function durationMilliseconds(text: string, field: string): number {
  const seconds = durationSeconds(text);
  if (seconds === undefined || seconds <= 0)
    throw new ConnectorError('config', `${field} must be a duration such as PT1M, not '${text}'.`);
  return seconds * 1000;
}

/** Throws ConnectorError (config) when a call weighs more than the limit: it could never be made. */
export function mustFit(weight: number, limit: number): void {
  if (weight > limit)
    throw new ConnectorError('config', `A call that counts as ${weight} never fits a limit of ${limit} calls.`);
}
