import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { matchesAny, mustFit, weightOf } from './matching.js';
import {
  type CallRate,
  type CallRatePolicy,
  callRatePolicySlot,
  callRateSlot,
  type RequestMatcher,
  requestMatcherSlot,
} from './slot.js';

/** So many calls in any stretch of time of a length. */
export const movingWindowCallRatePolicy = component('MovingWindowCallRatePolicy', {
  slot: callRatePolicySlot,
  doc: 'Allows so many calls in any stretch of time of a length; several rates hold together.',
  open: true,
  fields: {
    rates: field.list(field.slot(callRateSlot).defaultType('Rate')).doc('The rates, the shortest interval first.'),
    matchers: field
      .list(field.slot(requestMatcherSlot).defaultType('HttpRequestRegexMatcher'))
      .doc('The requests that this is for; none means all.'),
  },
  examples: [
    { type: 'MovingWindowCallRatePolicy', rates: [{ type: 'Rate', limit: 10, interval: 'PT1S' }], matchers: [] },
  ],
  build({ fields }): CallRatePolicy {
    if (fields.rates.length === 0)
      throw new ConnectorError('config', 'A MovingWindowCallRatePolicy needs at least one rate.');
    return new MovingWindow(fields.rates, fields.matchers);
  },
});

class MovingWindow implements CallRatePolicy {
  /** Calls of the longest interval, oldest first; from `first` on. */
  private calls: { at: number; weight: number }[] = [];
  private first = 0;
  private readonly longest: number;
  constructor(
    private readonly rates: readonly CallRate[],
    private readonly matchers: readonly RequestMatcher[],
  ) {
    this.longest = Math.max(...rates.map((rate) => rate.milliseconds));
  }
  matches(request: ApiRequest): boolean {
    return matchesAny(this.matchers, request);
  }
  acquire(request: ApiRequest, now: number): number {
    const weight = weightOf(this.matchers, request);
    for (const rate of this.rates) mustFit(weight, rate.limit);
    this.forget(now);
    const wait = Math.max(0, ...this.rates.map((rate) => this.waitFor(rate, weight, now)));
    if (wait === 0) this.calls.push({ at: now, weight });
    return wait;
  }
  /** The API counted more calls than we did: fill what is left. */
  update(remaining: number | undefined, resetAt: number | undefined, now: number): void {
    if (remaining !== 0 || resetAt !== undefined) return;
    this.forget(now);
    const free = Math.min(...this.rates.map((rate) => rate.limit - this.countSince(now - rate.milliseconds)));
    if (free > 0) this.calls.push({ at: now, weight: free });
  }
  private forget(now: number): void {
    while (this.first < this.calls.length && this.calls[this.first]!.at <= now - this.longest) this.first++;
    if (this.first > 1000 && this.first * 2 > this.calls.length) {
      this.calls = this.calls.slice(this.first);
      this.first = 0;
    }
  }
  private countSince(time: number): number {
    let count = 0;
    for (let index = this.calls.length - 1; index >= this.first && this.calls[index]!.at > time; index--)
      count += this.calls[index]!.weight;
    return count;
  }
  /** Until enough of the oldest calls have left the window. */
  private waitFor(rate: CallRate, weight: number, now: number): number {
    let over = this.countSince(now - rate.milliseconds) + weight - rate.limit;
    if (over <= 0) return 0;
    for (let index = this.first; index < this.calls.length; index++) {
      const call = this.calls[index]!;
      if (call.at <= now - rate.milliseconds) continue;
      over -= call.weight;
      if (over <= 0) return Math.max(1, call.at + rate.milliseconds - now);
    }
    return rate.milliseconds;
  }
}
