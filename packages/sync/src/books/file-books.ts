import { resolve } from 'node:path';
import { type JsonObject, streamKey } from '@tidemark/protocol';
import type { BookStore, Books } from '../books.js';
import type {
  AttemptSummary,
  Job,
  JobOutcome,
  OpenOptions,
  ResetOrder,
  StoredAttempt,
  StoredJob,
  StoredStream,
  StreamPlan,
  StreamState,
} from '../destination.js';
import { type BooksDocument, type ConnectionBooks, claimBooks, readBooks, writeBooks } from './file-document.js';
import { FileLease } from './file-lease.js';
import type { FileVersions } from './file-versions.js';

/** The history of a connection is as long as this. */
const ATTEMPTS_MAX = 100;

/** Books in a JSON file that one runner at a time may write. Beside it: `.lock`, and `.previous`, the one before it. */
export function fileBooks(path: string): BookStore {
  const file = resolve(path);
  return {
    name: `file:${path}`,
    async open(options) {
      if (options.readOnly) return new FileBooks(file, await readBooks(file, options), undefined, options);
      // Read once for the highest token, and again when nobody else can write it any more.
      const lease = await FileLease.take(file, options, async () => (await readBooks(file, options)).token);
      try {
        const versions = await claimBooks(file);
        const document = await readBooks(file, options);
        return new FileBooks(file, document, { lease, versions }, options);
      } catch (error) {
        await lease.release();
        throw error;
      }
    },
  };
}

class FileBooks implements Books {
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: string,
    private readonly document: BooksDocument,
    /** Absent where nothing is written. */
    private readonly held: { lease: FileLease; versions: FileVersions } | undefined,
    private readonly options: OpenOptions,
  ) {}

  async load(connection: string): Promise<StoredJob | undefined> {
    const { job, outcome, lastAttemptProgressed, givenUp, streams, shared } = this.of(connection);
    if (!job) return undefined;
    return structuredStored({ job, outcome: outcome ?? 'running', lastAttemptProgressed, givenUp, streams, shared });
  }

  async history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.of(connection)
      .attempts.slice(-limit)
      .reverse()
      .map((attempt) => ({ ...attempt }));
  }

  begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    return this.change(job.connection, (books, now) => {
      books.job = { ...job };
      books.outcome = 'running';
      books.lastAttemptProgressed = undefined;
      books.givenUp = undefined;
      const { id, attempt } = job;
      books.attempts.push({ job: id, attempt, outcome: 'running', rows: 0, startedAt: now });
      books.attempts.splice(0, Math.max(0, books.attempts.length - ATTEMPTS_MAX));
      for (const plan of plans) put(books, begun(job, plan, now));
    });
  }

  async store(
    states: readonly StreamState[],
    { shared, complete }: { shared?: StoredJob['shared']; complete?: boolean } = {},
  ): Promise<void> {
    await this.change(this.options.connection, (books, now) => {
      if (shared !== undefined) books.shared = shared;
      for (const { stream: key, state, rows } of states) {
        const stream = books.streams.find((one) => streamKey(one.stream) === key);
        if (!stream) throw new Error(`the books have no stream ${key}: it was not begun`);
        stream.state = state;
        stream.rows += rows;
        stream.updatedAt = now;
        if (complete) stream.status = 'complete';
      }
    });
  }

  reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    return this.change(connection, (books) => {
      for (const { stream, what, state } of orders) {
        const known = books.streams.find((one) => streamKey(one.stream) === streamKey(stream));
        if (!known) continue;
        known.state = what === 'state' ? state : undefined;
        if (what === 'clear') Object.assign(known, { rows: 0, status: 'open', pending: undefined });
        // What was written beside the rows goes with the state that covered it.
        if (what === 'clear' || what === 'state') known.minimumGeneration = undefined;
        // Of no job: a stream that is complete in an unfinished one is read again all the same.
        if (what !== 'state') known.job = '';
        if (what === 'merge' || what === 'truncate') known.pending = what;
      }
      // A shared position without any stream that goes on from it would only make the next read leave out its beginning.
      if (shared !== undefined) books.shared = shared ?? undefined;
      else if (books.streams.every((one) => one.state === undefined)) books.shared = undefined;
    });
  }

  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    return this.change(job.connection, (books, now) => {
      books.outcome = outcome;
      books.lastAttemptProgressed = summary.progressed;
      books.givenUp = summary.givenUp;
      const attempt = books.attempts.find((one) => one.job === job.id && one.attempt === job.attempt);
      if (attempt) Object.assign(attempt, { outcome, rows: summary.rows, error: summary.error, endedAt: now });
    });
  }

  async close(): Promise<void> {
    await this.queue;
    await this.held?.lease.release();
  }

  private of(connection: string): ConnectionBooks {
    const known = Object.hasOwn(this.document.connections, connection)
      ? this.document.connections[connection]
      : undefined;
    return known ?? { streams: [], attempts: [] };
  }

  /** One change after the other, each durable when it returns, none after another runner has taken over. */
  private change(connection: string, apply: (books: ConnectionBooks, now: number) => void): Promise<void> {
    const done = this.queue.then(async () => {
      const { held } = this;
      if (!held) throw new Error('these books were opened to be read only');
      await held.lease.check();
      const books = this.of(connection);
      apply(books, this.options.clock());
      Object.defineProperty(this.document.connections, connection, {
        value: books,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      this.document.token = held.lease.token;
      // Between the check and the write another runner may take over: then the write is refused.
      await writeBooks(this.file, this.document, held.versions);
    });
    this.queue = done.catch(() => undefined);
    return done;
  }
}

function put(books: ConnectionBooks, stream: StoredStream): void {
  const index = books.streams.findIndex((one) => streamKey(one.stream) === streamKey(stream.stream));
  if (index === -1) books.streams.push(stream);
  else books.streams[index] = stream;
}

function begun(job: Job, plan: StreamPlan, now: number): StoredStream {
  const { stream, generation, minimumGeneration, syncMode, destinationSyncMode, state, rowsBefore, openSince } = plan;
  return {
    stream: { ...stream },
    job: job.nonce,
    generation,
    minimumGeneration,
    status: 'open',
    syncMode,
    destinationSyncMode,
    primaryKey: plan.primaryKey.map((path) => [...path]),
    state,
    rows: rowsBefore,
    openSince,
    updatedAt: now,
  };
}

/** What is handed out is nobody's to change in place. */
function structuredStored(stored: StoredJob): StoredJob {
  return { ...stored, job: { ...stored.job }, streams: stored.streams.map((stream) => ({ ...stream })) };
}
