import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { durationMilliseconds, matchesAny, mustFit, weightOf } from './matching.js';
import { type CallRatePolicy, callRatePolicySlot, type RequestMatcher, requestMatcherSlot } from './slot.js';

/** So many calls in each window of time. */
export const fixedWindowCallRatePolicy = component('FixedWindowCallRatePolicy', {
  slot: callRatePolicySlot,
  doc: 'Allows so many calls in each window of time. The first window begins with the first call; the API may say in its headers when the next one begins and how many calls are left.',
  open: true,
  fields: {
    period: field.string().doc('The length of a window, an ISO 8601 duration.').example('PT1H'),
    call_limit: field.integer().doc('Calls in a window.').example(1000),
    matchers: field
      .list(field.slot(requestMatcherSlot).defaultType('HttpRequestRegexMatcher'))
      .doc('The requests that this is for; none means all.'),
  },
  examples: [{ type: 'FixedWindowCallRatePolicy', period: 'PT1M', call_limit: 100, matchers: [] }],
  build({ fields }): CallRatePolicy {
    if (fields.call_limit < 1) throw new ConnectorError('config', 'call_limit must be at least 1.');
    return new FixedWindow(fields.call_limit, durationMilliseconds(fields.period, 'period'), fields.matchers);
  },
});

class FixedWindow implements CallRatePolicy {
  private used = 0;
  private resetAt: number | undefined;
  constructor(
    private readonly limit: number,
    private readonly period: number,
    private readonly matchers: readonly RequestMatcher[],
  ) {}
  matches(request: ApiRequest): boolean {
    return matchesAny(this.matchers, request);
  }
  acquire(request: ApiRequest, now: number): number {
    const weight = weightOf(this.matchers, request);
    mustFit(weight, this.limit);
    this.roll(now);
    if (this.used + weight > this.limit) return Math.max(1, this.resetAt! - now);
    this.used += weight;
    return 0;
  }
  /** Only ever less is believed: the limit here may be lower than the API's own. */
  update(remaining: number | undefined, resetAt: number | undefined, now: number): void {
    this.roll(now);
    if (remaining !== undefined) this.used = Math.max(this.used, this.limit - Math.max(0, remaining));
    if (resetAt !== undefined && resetAt > now) this.resetAt = resetAt;
  }
  /** A time that is over begins the next window. */
  private roll(now: number): void {
    if (this.resetAt !== undefined && now < this.resetAt) return;
    const elapsed = this.resetAt === undefined ? 0 : Math.floor((now - this.resetAt) / this.period);
    this.resetAt = (this.resetAt ?? now) + (elapsed + 1) * this.period;
    this.used = 0;
  }
}
