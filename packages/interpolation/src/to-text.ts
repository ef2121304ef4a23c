import { resetBudget } from './budget.js';
import { Failure, TemplateError } from './error.js';
import { text } from './operations/text.js';

/** A value as Python's `str` shows it, which is how the reference puts values into paths, headers and parameters. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  resetBudget();
  try {
    return text(value);
  } catch (failure) {
    if (failure instanceof Failure) throw new TemplateError(failure.kind, failure.message);
    throw failure;
  }
}
