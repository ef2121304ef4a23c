import type { Filter, Test } from './word.js';

/** What words and calls may use of the running evaluation. */
export interface Runtime {
  /** Now, in milliseconds since 1970-01-01T00:00Z. */
  readonly clock: () => number;
  /** Whether output is escaped as HTML: only within `{% autoescape true %}`. */
  autoescape: boolean;
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
}
