import type { LogLevel } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ApiBudget } from '../components/budget/slot.js';
import type { ApiRequest } from './client.js';
import type { Sleep } from './sleep.js';

/** What waiting for a budget needs. */
export interface BudgetWait {
  signal: AbortSignal;
  clock: () => number;
  sleep: Sleep;
  log: (level: LogLevel, message: string) => void;
  /** The most a single wait may take, seconds. */
  waitSecondsMax: number;
}

/**
 * Waits until the budget has room for the request, which is counted then. Throws ConnectorError (transient) when a single wait
 * would be longer than allowed.
 */
export async function waitForBudget(budget: ApiBudget, request: ApiRequest, options: BudgetWait): Promise<void> {
  // A clock that stands still (frozen by a test) must not keep the loop waiting for ever: waits move it.
  let waited = 0;
  for (;;) {
    options.signal.throwIfAborted();
    const milliseconds = budget.acquire(request, options.clock() + waited);
    if (milliseconds <= 0) return;
    if (milliseconds > options.waitSecondsMax * 1000) {
      const seconds = Math.ceil(milliseconds / 1000);
      throw new ConnectorError(
        'transient',
        `The API's call budget is used up for ${seconds} s, longer than the ${options.waitSecondsMax} s that may be waited.`,
      );
    }
    options.log('DEBUG', `The call budget is used up: waiting ${Math.ceil(milliseconds / 1000)} s.`);
    const before = options.clock();
    await options.sleep(milliseconds, options.signal);
    if (options.clock() - before < milliseconds) waited += milliseconds - (options.clock() - before);
  }
}
