import { resetBudget } from './budget.js';
import { Failure, TemplateError } from './error.js';
import { compileRegex } from './regex/regex.js';

/** A regular expression of a manifest, in Python's dialect. Matching it takes bounded time. */
export interface Pattern {
  /** The first part of the text that matches, as `re.search` finds it; undefined without one. */
  search(text: string): string | undefined;
  /** The part at the beginning of the text that matches, as `re.match` finds it. */
  match(text: string): string | undefined;
}

/** Compiles a regular expression. Throws a `TemplateError`, here and when matching takes too long. */
export function compilePattern(source: string): Pattern {
  const regex = guarded(source, () => compileRegex(source));
  const find = (text: string) => guarded(source, () => regex.search(text));
  return {
    search: (text) => find(text)?.group(0),
    match(text) {
      const found = find(text);
      return found?.start === 0 ? found.group(0) : undefined;
    },
  };
}

function guarded<Result>(source: string, run: () => Result): Result {
  resetBudget();
  try {
    return run();
  } catch (failure) {
    if (failure instanceof Failure) throw new TemplateError(failure.kind, failure.message, source);
    throw failure;
  }
}
