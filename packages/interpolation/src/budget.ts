import { Failure } from './error.js';

/**
 * What one evaluation may spend. A unit is one step (a node that a loop runs, a regex step) or one character or
 * element that is read or made. The bound is far above any honest template (a 1 MB record rendered whole costs about
 * 1 M units) and far
 * below a second of work. Evaluation is synchronous, so one counter serves for all.
 */
export const BUDGET_UNITS = 20_000_000;

/** Longest text or list that a single operation may make. */
export const SIZE_MAX = 10_000_000;

let left = BUDGET_UNITS;

/** Starts a new evaluation. */
export function resetBudget(): void {
  left = BUDGET_UNITS;
}

/** Spends units; throws when none are left. */
export function spend(units: number): void {
  left -= units;
  if (left < 0) throw new Failure('BudgetError', 'the template was stopped: it does too much work');
}

/** What a call costs besides the sizes of what it reads and makes: the dearest (a hash, a date) take some µs. */
export const CALL_UNITS = 20;

/** Spends the comparing or copying of a text, which machines do many characters at a time. Short ones are free. */
export function spendScan(length: number): void {
  if (length > 256) spend(length >> 3);
}

/** Spends a call of a word or method that reads a text character by character. */
export function spendCall(length: number): void {
  spend(CALL_UNITS + length);
}

/** Refuses a text or list that is too long, without paying for it: for texts that are joined without being copied. */
export function checkSize(size: number): void {
  if (!(size <= SIZE_MAX))
    throw new Failure('BudgetError', `the template was stopped: a result of ${size} elements is too long`);
}

/** Spends the making of a text or list of this size, which is refused before it is made when it is too long. */
export function spendSize(size: number): void {
  checkSize(size);
  if (size > 0) spend(size);
}
