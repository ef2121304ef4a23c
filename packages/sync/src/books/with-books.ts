import { type JsonObject, streamKey } from '@tidemark/protocol';
import type { BookStore, Books } from '../books.js';
import type {
  AttemptSummary,
  Destination,
  Job,
  JobOutcome,
  OpenOptions,
  ResetOrder,
  Session,
  StoredAttempt,
  StoredJob,
  StoredStream,
  StreamPlan,
  StreamState,
  WriteResult,
  Writer,
} from '../destination.js';

/**
 * A destination whose jobs and states are kept elsewhere. Its own books are kept too: they say whether the rows that a state
 * covers are still there.
 *
 * Rows are durable before the state here is: a kill between the two leaves rows that this state does not cover. The state that
 * was committed together with them is in the destination's own books, and the next attempt goes on from that one.
 */
export function withBooks(destination: Destination, store: BookStore): Destination {
  return {
    ...destination,
    name: destination.name,
    async open(options) {
      const books = await store.open(options);
      try {
        return new BookedSession(await destination.open(options), books, options);
      } catch (error) {
        await books.close();
        throw error;
      }
    },
  };
}

class BookedSession implements Session {
  constructor(
    private readonly inner: Session,
    private readonly books: Books,
    private readonly options: OpenOptions,
  ) {}

  async load(connection: string): Promise<StoredJob | undefined> {
    const kept = await this.books.load(connection);
    const inner = await this.inner.load(connection);
    // The first sync after the books moved: what the destination knows goes with them.
    if (!kept) return inner;
    const caughtUp = inner ? catchUp(kept, inner) : kept;
    const streams = caughtUp.streams.map((stream) => this.believed(stream, inner));
    // Books that are older than the destination (a file from a backup) must not count its jobs a second time.
    const behind = inner !== undefined && inner.job.id > kept.job.id;
    return behind ? { ...inner, shared: caughtUp.shared, streams } : { ...caughtUp, streams };
  }

  /** A state covers rows. Where the destination does not have them, it would leave them out for ever. */
  private believed(stream: StoredStream, inner: StoredJob | undefined): StoredStream {
    const there = inner?.streams.find((one) => streamKey(one.stream) === streamKey(stream.stream));
    const generation = Math.max(stream.generation, there?.generation ?? 0);
    const holdsRows = there !== undefined && there.generation === stream.generation && there.state !== undefined;
    if (stream.state === undefined || holdsRows) return { ...stream, generation };
    this.options.log(
      'WARN',
      `Stream ${stream.stream.name}: the destination does not have the rows that its state covers, so it is read from the beginning.`,
    );
    return { ...stream, generation, state: undefined, status: 'open', rows: 0 };
  }

  async begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    // The destination first: books that know of an attempt which the destination does not would be believed.
    await this.inner.begin(job, plans);
    await this.books.begin(job, plans);
  }

  async writer(plans: readonly StreamPlan[]): Promise<Writer> {
    return new BookedWriter(await this.inner.writer(plans), this.books);
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.books.history(connection, limit);
  }

  async reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    // The books first: a state must never be there longer than the rows that it covers.
    await this.books.reset(connection, orders, shared);
    await this.inner.reset(connection, orders, shared);
  }

  async end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    await this.inner.end(job, outcome, summary);
    await this.books.end(job, outcome, summary);
  }

  async close(): Promise<void> {
    await this.inner.close();
    await this.books.close();
  }

  leave(): void {
    this.inner.leave?.();
  }
}

/**
 * Where the destination has committed more in the same job than these books know, its own state is the one that covers its
 * rows. What several streams have in common goes with all of their states or with none.
 */
function catchUp(kept: StoredJob, inner: StoredJob): StoredJob {
  const ours = (stream: StoredStream) =>
    inner.streams.find(
      (one) =>
        streamKey(one.stream) === streamKey(stream.stream) &&
        one.job === stream.job &&
        one.generation === stream.generation &&
        one.state !== undefined,
    );
  const isAhead = (stream: StoredStream) => {
    const there = ours(stream);
    return there !== undefined && (there.rows !== stream.rows || (there.updatedAt ?? 0) > (stream.updatedAt ?? 0));
  };
  if (!kept.streams.some(isAhead)) return kept;
  const together = kept.shared !== undefined || inner.shared !== undefined;
  if (together && kept.streams.some((stream) => stream.state !== undefined && !ours(stream))) return kept;
  const streams = kept.streams.map((stream) => {
    const there = together || isAhead(stream) ? ours(stream) : undefined;
    if (!there) return stream;
    const { state, rows, status, updatedAt } = there;
    return { ...stream, state, rows, status, updatedAt };
  });
  return { ...kept, streams, shared: together ? inner.shared : kept.shared };
}

class BookedWriter implements Writer {
  constructor(
    private readonly inner: Writer,
    private readonly books: Books,
  ) {}

  get wantsCommit(): boolean | undefined {
    return this.inner.wantsCommit;
  }

  write(stream: string, batch: Parameters<Writer['write']>[1]): Promise<WriteResult> {
    return this.inner.write(stream, batch);
  }

  restart(stream: string, unit: string): Promise<number> {
    return this.inner.restart(stream, unit);
  }

  async commit(states: readonly StreamState[], shared?: JsonObject): Promise<void> {
    await this.inner.commit(states, shared);
    await this.books.store(states, { shared });
  }

  async finish(state: StreamState, shared?: JsonObject): Promise<void> {
    await this.inner.finish(state, shared);
    await this.books.store([state], { shared, complete: true });
  }

  rollback(): Promise<void> {
    return this.inner.rollback();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
