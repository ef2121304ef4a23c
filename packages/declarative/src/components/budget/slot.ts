import { slot } from '../../component/slot.js';
import type { ApiRequest } from '../../http/client.js';

/** A limit of calls: waits until the next one may be made. */
export interface CallRatePolicy {
  matches(request: ApiRequest): boolean;
  /** Milliseconds to wait before this call may be made; 0: now, and it is counted. */
  acquire(request: ApiRequest, now: number): number;
  /** What the API said is left, learnt from headers or a refusal. `resetAt` is in milliseconds since the epoch. */
  update(remaining: number | undefined, resetAt: number | undefined, now: number): void;
}
export const callRatePolicySlot = slot<CallRatePolicy>('call rate policy');

/** All limits of a source. */
export interface ApiBudget {
  acquire(request: ApiRequest, now: number): number;
  observe(
    request: ApiRequest,
    response: { status: number; headers: Readonly<Record<string, string>> },
    now: number,
  ): void;
}
export const apiBudgetSlot = slot<ApiBudget>('API budget');

/** Which requests a limit is for. */
export interface RequestMatcher {
  matches(request: ApiRequest): boolean;
  readonly weight: number;
}
export const requestMatcherSlot = slot<RequestMatcher>('request matcher');

/** So many calls in so long a time. */
export interface CallRate {
  readonly limit: number;
  readonly milliseconds: number;
}
export const callRateSlot = slot<CallRate>('call rate');
