import { ConnectorError } from '@tidemark/source';
import type { PageSizeReduction } from './recovery-slot.js';

/** The page size in force while one unit is read: the paginator's own until the API refuses it. */
export class PageSize {
  private current: number | undefined;
  private attempts = 0;
  private retriesAtSmallest = 0;

  constructor(
    private readonly stream: string,
    private readonly configured: number | undefined,
    private readonly rule: PageSizeReduction | undefined,
  ) {}

  /** What to ask for instead of the configured size; undefined: the configured size. */
  get override(): number | undefined {
    return this.current;
  }

  /** A page came. */
  succeeded(): void {
    this.attempts = 0;
    this.retriesAtSmallest = 0;
    if (this.rule?.growsAgain) this.current = undefined;
  }

  /** The API refused the size: shrinks it. Gives the seconds to wait; throws ConnectorError when nothing is left to try. */
  reduce(why: string): number {
    const { rule, configured, stream } = this;
    if (!rule) {
      throw new ConnectorError(
        'config',
        `The stream '${stream}' is told to reduce its page size but has no page_size_reduction. Add one to its retriever.`,
      );
    }
    if (configured === undefined) {
      throw new ConnectorError(
        'config',
        `The stream '${stream}' is told to reduce its page size but has none. Give its pagination strategy a page_size and its paginator a page_size_option.`,
      );
    }
    const current = this.current ?? configured;
    const smaller = Math.max(rule.smallest, Math.floor(current / rule.factor));
    if (smaller >= current) {
      if (this.retriesAtSmallest++ < rule.retriesAtSmallest) return rule.backoffSeconds * this.retriesAtSmallest;
      throw this.spent(`even with ${current} records a page`, why);
    }
    if (++this.attempts > rule.attemptsMax) throw this.spent(`at every page size down to ${current}`, why);
    this.current = smaller;
    return rule.backoffSeconds * this.attempts;
  }

  private spent(where: string, why: string): ConnectorError {
    const hint = this.rule?.failureMessage ? ` ${this.rule.failureMessage}` : '';
    return new ConnectorError(
      'transient',
      `The API keeps refusing pages of the stream '${this.stream}' ${where}.${hint}`,
      { detail: why, stream: this.stream },
    );
  }
}
