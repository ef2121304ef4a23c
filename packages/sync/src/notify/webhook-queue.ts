import { secretsOf, type WebhookSettings } from './webhook-settings.js';
import { signedHeaders } from './webhook-signature.js';

/** Waiting deliveries of one webhook; of more the oldest goes. */
export const WAITING_MAX = 100;
const TRIES_MAX = 6;
/** Doubles from try to try. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 30_000;
const TIMEOUT_SECONDS = 10;

/** Something to deliver. */
export interface Delivery {
  id: string;
  event: string;
  body: string;
}

/** What a queue needs from outside. */
export interface QueueOptions {
  clock: () => number;
  log: (level: 'WARN' | 'DEBUG', message: string) => void;
  /** Of the first pause between two tries; a test makes it short. */
  pauseMs?: number;
  /** What is not delivered is kept for the next sync. */
  keeps?: boolean;
}

/** Delivers to one webhook, in order, one at a time, with retries. Never throws and never makes anybody wait. */
export class WebhookQueue {
  private readonly waiting: Delivery[] = [];
  /** Tried as often as it may be in one sync. */
  private readonly failed: Delivery[] = [];
  private readonly abort = new AbortController();
  private running: Promise<void> | undefined;
  private gone = false;
  private dropped = 0;

  /** `name` says which webhook in messages: its address may be a secret. */
  constructor(
    private readonly hook: WebhookSettings,
    private readonly name: string,
    private readonly options: QueueOptions,
  ) {}

  push(delivery: Delivery): void {
    if (this.gone || this.abort.signal.aborted) return;
    if (this.waiting.length >= WAITING_MAX) {
      this.waiting.shift();
      this.dropped++;
    }
    this.waiting.push(delivery);
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /**
   * Waits until everything is delivered, but no longer than `ms`; what is left then is given up, with a warning. Returns it,
   * oldest first: nothing of a webhook that refuses what it is sent, or is gone.
   */
  async close(ms: number): Promise<Delivery[]> {
    if (this.running) {
      const timer = setTimeout(() => this.abort.abort(), ms);
      await this.running;
      clearTimeout(timer);
    }
    this.abort.abort();
    const left = this.gone ? [] : [...this.failed, ...this.waiting];
    const lost = this.waiting.length + this.dropped;
    if (lost > 0 && !this.gone) {
      const later = this.options.keeps ? ` ${this.waiting.length} of them go first with the next sync.` : '';
      const text = `${lost} ${lost === 1 ? 'message was' : 'messages were'} not delivered.${later}`;
      this.options.log('WARN', `${this.name}: ${text}`);
    }
    return left;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0 && !this.abort.signal.aborted) {
      const delivery = this.waiting[0]!;
      const failure = await this.deliver(delivery);
      if (this.abort.signal.aborted && failure !== undefined && !failure.final) return;
      if (this.waiting[0] === delivery) this.waiting.shift();
      if (failure !== undefined) {
        const later = this.options.keeps && !failure.final ? '; it goes first with the next sync' : '';
        this.options.log('WARN', `${this.name} did not take '${delivery.event}': ${failure.why}${later}.`);
        if (!failure.final && this.failed.push(delivery) > WAITING_MAX) this.failed.shift();
      }
      if (this.gone) this.waiting.length = 0;
    }
  }

  /** Why it was not taken; undefined when it was. */
  private async deliver(delivery: Delivery): Promise<{ why: string; final: boolean } | undefined> {
    let pause = this.options.pauseMs ?? PAUSE_MS;
    for (let turn = 1; ; turn++) {
      const answer = await this.once(delivery);
      if (answer.taken) return undefined;
      if (answer.final) return answer;
      if (turn === TRIES_MAX || this.abort.signal.aborted)
        return { why: `${answer.why} (${turn} tries)`, final: false };
      this.options.log('DEBUG', `${this.name}: try ${turn} of '${delivery.event}': ${answer.why}.`);
      await this.sleep(Math.min(PAUSE_MS_MAX, Math.max(answer.pauseMs ?? 0, pause * (0.75 + Math.random() / 2))));
      pause *= 2;
    }
  }

  private async once({ id, body }: Delivery): Promise<Answer> {
    const { url, headers, timeout_seconds: seconds = TIMEOUT_SECONDS } = this.hook;
    const now = Math.floor(this.options.clock() / 1000);
    const timeout = AbortSignal.timeout(seconds * 1000);
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'user-agent': 'tidemark',
          ...headers,
          'content-type': 'application/json',
          ...signedHeaders(secretsOf(this.hook), id, now, body),
        },
        body,
        signal: AbortSignal.any([timeout, this.abort.signal]),
      });
      // The answer's text is nobody's business, and may never end.
      await response.body?.cancel().catch(() => undefined);
      return this.judge(response);
    } catch (error) {
      if (timeout.aborted) return { taken: false, final: false, why: `no answer in ${seconds} s` };
      const { cause } = error as { cause?: { code?: unknown } };
      const code = typeof cause?.code === 'string' ? ` (${cause.code})` : '';
      return { taken: false, final: false, why: `it cannot be reached${code}` };
    }
  }

  private judge({ status, ok, headers }: Response): Answer {
    if (ok) return { taken: true };
    if (status === 410) this.gone = true;
    const final = status < 500 && ![408, 425, 429].includes(status);
    const why = status === 410 ? 'HTTP 410, it is told no more' : `HTTP ${status}`;
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    return { taken: false, final, why, pauseMs: Number.isFinite(seconds) ? seconds * 1000 : undefined };
  }

  private sleep(ms: number): Promise<void> {
    const { signal } = this.abort;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}

type Answer = { taken: true } | { taken: false; final: boolean; why: string; pauseMs?: number };
