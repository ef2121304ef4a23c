import type { JsonObject } from '@tidemark/protocol';
import { type BuildContext, expression } from '../../component/index.js';

const KEY = 'asynchronous jobs';

/** Lets so many jobs run at the same time, over all streams of a source. */
export class JobBudget {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(readonly limit: number) {
    this.free = limit;
  }

  /** Waits for a place; rejects with the signal's reason when it is aborted. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason);
      };
      this.waiting.push(go);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}

/** The budget of the source: `max_concurrent_async_job_count` of the manifest, one job without it. */
export function jobBudget(context: BuildContext): JobBudget {
  const known = context.shared.get(KEY);
  if (known instanceof JobBudget) return known;
  const budget = new JobBudget(limitOf(context));
  context.shared.set(KEY, budget);
  return budget;
}

function limitOf({ manifest, config, clock, log }: BuildContext): number {
  const given = manifest.max_concurrent_async_job_count;
  if (given === undefined || given === null) return 1;
  const parameters = (manifest.$parameters ?? {}) as JsonObject;
  const value =
    typeof given === 'string' ? Number(expression(given, { config, clock, parameters }).text()) : Number(given);
  if (Number.isInteger(value) && value >= 1) return value;
  log('WARN', `max_concurrent_async_job_count must give a whole number of at least 1: one job runs at a time.`);
  return 1;
}
