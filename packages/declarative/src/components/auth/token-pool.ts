import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { type Count, countOf, learn, untracked } from './quota-counts.js';
import { SharedFlight } from './shared-flight.js';
import type { Quota } from './slot.js';

/** What a pool is made of. */
export interface PoolParts {
  tokens: readonly string[];
  quotas: readonly Quota[];
  /** The quota status of a token; undefined when the API counts nothing. */
  status: (token: string, signal: AbortSignal) => Promise<Json | undefined>;
  /** The most that may be waited for calls, seconds. */
  waitSecondsMax: number;
  reserveFraction: number;
  reserveMin: number;
  context: BuildContext;
}

type Question = Pick<ApiRequest, 'method' | 'url' | 'headers'>;

const EXHAUSTION_SECONDS_MIN = 5;
const DELAY_SECONDS_MAX = 10;
const DELAY_SECONDS_MIN = 0.1;

/** Several tokens that can stand for each other, with what each has left. All streams of a source share one pool. */
export class TokenPool {
  private counts: ReadonlyMap<string, ReadonlyMap<string, Count>> | undefined;
  private active = 0;
  /** Asks the API for the counts of all tokens, once for all who wait. */
  private readonly seeding = new SharedFlight((signal) => this.seed(signal));

  constructor(private readonly parts: PoolParts) {}

  /** A token for this request, with one call taken from its count. Waits when no token has one left. */
  async take(request: Question, signal: AbortSignal): Promise<string> {
    const quota = this.quotaOf(request);
    if (!this.counts) await this.seeding.join(signal);
    const { tokens } = this.parts;
    let waited = 0;
    for (;;) {
      const token = tokens[this.active]!;
      const count = this.count(token, quota);
      if (!count.isTracked) {
        // Nothing tells the tokens apart: each in turn.
        this.next();
        return token;
      }
      if (count.remaining > 0) {
        count.remaining--;
        await this.slowDown(quota, count, signal);
        return token;
      }
      if (tokens.some((other) => !this.isSpent(other, quota))) this.next();
      else waited += await this.waitForReset(quota, waited, signal);
    }
  }

  /** Learns from an answer to a request that was sent with this token. */
  observe(
    request: Question,
    token: string,
    response: { status: number; headers: Readonly<Record<string, string>> },
  ): void {
    const quota = this.quotaOf(request);
    const count = this.counts?.get(token)?.get(quota.name);
    if (count) learn(count, quota, response);
  }

  /** True when the token is spent and another one is not. */
  hasAlternative(request: Question, token: string): boolean {
    const quota = this.quotaOf(request);
    const own = this.counts?.get(token)?.get(quota.name);
    if (!own?.isTracked || own.remaining > 0) return false;
    return this.parts.tokens.some((other) => other !== token && this.count(other, quota).remaining > 0);
  }

  private quotaOf(request: Question): Quota {
    const { quotas } = this.parts;
    const matched = quotas.find((quota) => quota.matchers.some((matcher) => matcher.matches(request)));
    return matched ?? quotas.find((quota) => quota.matchers.length === 0) ?? quotas[0]!;
  }

  private count(token: string, quota: Quota): Count {
    return this.counts!.get(token)!.get(quota.name)!;
  }

  private isSpent(token: string, quota: Quota): boolean {
    const count = this.count(token, quota);
    return count.isTracked && count.remaining <= 0;
  }

  private next(): void {
    this.active = (this.active + 1) % this.parts.tokens.length;
  }

  private async seed(signal: AbortSignal): Promise<void> {
    const { tokens, quotas, status, context } = this.parts;
    const counts = new Map<string, ReadonlyMap<string, Count>>();
    for (const token of tokens) {
      const told = await status(token, signal);
      const now = context.clock();
      counts.set(
        token,
        new Map(quotas.map((quota) => [quota.name, told === undefined ? untracked(now) : countOf(told, quota)])),
      );
    }
    this.counts = counts;
  }

  /** Waits until the first token has calls again; gives the seconds that it waited. */
  private async waitForReset(quota: Quota, waited: number, signal: AbortSignal): Promise<number> {
    const { tokens, context, waitSecondsMax } = this.parts;
    const left = waitSecondsMax - waited;
    const until = Math.min(...tokens.map((token) => this.count(token, quota).resetAt)) - context.clock();
    if (left <= 0 || until / 1000 >= left) {
      throw new ConnectorError(
        'transient',
        `No token has a call left (quota '${quota.name}'), and the next ones come later than may be waited.`,
      );
    }
    const seconds = Math.min(Math.max(until / 1000, EXHAUSTION_SECONDS_MIN), left);
    context.log('INFO', `No token has a call left (quota '${quota.name}'): waiting ${Math.ceil(seconds)} s.`);
    await context.http.sleep(seconds * 1000, signal);
    if (tokens.every((token) => this.isSpent(token, quota))) await this.seeding.join(signal);
    return seconds;
  }

  /** When all tokens are low, the last calls are spread over the time until there are new ones. */
  private async slowDown(quota: Quota, count: Count, signal: AbortSignal): Promise<void> {
    const { tokens, context, reserveFraction, reserveMin } = this.parts;
    const counts = tokens.map((token) => this.count(token, quota));
    const isLow = counts.every(
      (one) => one.isTracked && one.remaining <= Math.max(reserveMin, one.limit * reserveFraction),
    );
    const total = counts.reduce((sum, one) => sum + Math.max(0, one.remaining), 0);
    const seconds = Math.max(0, count.resetAt - context.clock()) / 1000;
    if (!isLow || total <= 0) return;
    const delay = Math.min(seconds / total, DELAY_SECONDS_MAX);
    if (delay >= DELAY_SECONDS_MIN) await context.http.sleep(delay * 1000, signal);
  }
}
