import { canonical, type Json } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';

/** How many tokens and first keys are remembered; a cycle longer than that is not seen. */
const REMEMBERED_MAX = 100_000;

/** What the guard is told of a page. */
interface SeenPage {
  /** The token that the next page would be asked with. */
  next: Json | undefined;
  /** The token that this page was asked with. */
  token: Json | undefined;
  /** The body, where it is at hand as bytes. */
  body: Uint8Array | undefined;
  records: readonly RecordData[];
}

/**
 * Ends a paging that cannot end: the same token again, the same body again, or pages that bring no new primary key. Such an
 * API (one that clamps the page number, say) would be asked for ever.
 */
export class PaginationGuard {
  private readonly tokens = new Set<string>();
  private readonly firstKeys = new Set<string>();
  private lastBody: Uint8Array | undefined;
  private pagesWithoutNewKey = 0;
  private page = 0;

  constructor(
    private readonly stream: string,
    private readonly primaryKey: readonly string[][],
    private readonly pagesWithoutNewKeyMax: number,
  ) {}

  /** Throws ConnectorError when the paging repeats itself. Call after a page that has a next one. */
  observe(page: SeenPage): void {
    this.page++;
    if (page.next === undefined) return;
    const token = canonical(page.next);
    if (this.tokens.has(token) || (page.token !== undefined && canonical(page.token) === token)) {
      throw this.endless(`the API gave the page token ${excerpt(token)} again`);
    }
    remember(this.tokens, token);
    if (page.records.length === 0) return;
    if (page.body && this.lastBody && sameBytes(page.body, this.lastBody)) {
      throw this.endless(
        `the page with the token ${excerpt(canonical(page.token))} has the same body as the page before it`,
      );
    }
    this.lastBody = page.body;
    this.observeKey(page);
  }

  private observeKey(page: SeenPage): void {
    if (this.primaryKey.length === 0) return;
    const key = canonical(
      this.primaryKey.map((path) =>
        path.reduce<unknown>((value, name) => (value as RecordData | undefined)?.[name], page.records[0]),
      ),
    );
    if (!this.firstKeys.has(key)) {
      remember(this.firstKeys, key);
      this.pagesWithoutNewKey = 0;
      return;
    }
    if (++this.pagesWithoutNewKey >= this.pagesWithoutNewKeyMax) {
      throw this.endless(
        `${this.pagesWithoutNewKey} pages in a row, up to the token ${excerpt(canonical(page.token))}, began with records that had come before`,
      );
    }
  }

  private endless(what: string): ConnectorError {
    return new ConnectorError(
      'config',
      `The pagination of the stream '${this.stream}' does not end: at page ${this.page} ${what}. Look at its paginator's stop rule (page_size, stop_condition, cursor_value).`,
      { stream: this.stream },
    );
  }
}

function remember(set: Set<string>, value: string): void {
  if (set.size >= REMEMBERED_MAX) set.delete(set.values().next().value!);
  set.add(value);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function excerpt(token: string): string {
  return token.length > 80 ? `${token.slice(0, 77)}…` : token;
}
