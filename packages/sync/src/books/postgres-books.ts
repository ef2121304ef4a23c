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
  StreamPlan,
  StreamState,
} from '../destination.js';
import { Pg, placeOf } from '../destinations/postgres/database.js';
import { type Held, holdConnection } from '../destinations/postgres/hold.js';
import { type PostgresSettings, parseUrl } from '../destinations/postgres/kind.js';
import { postgresBooksLedger } from '../destinations/postgres/ledger-dialect.js';
import { Ledger, type StreamRow } from '../destinations/sql/ledger.js';
import { booksAreThere } from '../destinations/sql/ledger-tables.js';

/** Books have no tables of data: their rows are elsewhere. */
const NOWHERE = { schema: '', name: '' };

/**
 * Books in the schema `_tidemark_books` of a PostgreSQL database: many connections, each leased to one runner at a time.
 * Throws ConnectorError (config) when the URL is none.
 */
export function postgresBooks(url: string): BookStore {
  const settings = parseUrl(url);
  return { name: placeOf(settings), open: (options) => openBooks(settings, options) };
}

async function openBooks(settings: PostgresSettings, options: OpenOptions): Promise<Books> {
  const held = options.readOnly ? undefined : await holdConnection(settings, postgresBooksLedger, options);
  try {
    const db = await Pg.connect(settings);
    if (held || (await booksAreThere(db, postgresBooksLedger))) return new PostgresBooks(db, options, held);
    await db.close();
    return NO_BOOKS;
  } catch (error) {
    await held?.close();
    throw error;
  }
}

class PostgresBooks implements Books {
  private readonly ledger = new Ledger(postgresBooksLedger);
  private rows = new Map<string, StreamRow>();
  private readonly plans = new Map<string, StreamPlan>();
  /** Streams are stored as they come, over one server connection: one transaction after the other. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly db: Pg,
    private readonly options: OpenOptions,
    private readonly held: Held | undefined,
  ) {}

  async load(connection: string): Promise<StoredJob | undefined> {
    const rows = await this.ledger.streams(this.db, connection);
    this.rows = new Map(rows.map((row) => [streamKey(row.stream), row]));
    return this.ledger.job(this.db, connection, rows);
  }

  history(connection: string, limit: number): Promise<StoredAttempt[]> {
    return this.ledger.history(this.db, connection, limit);
  }

  begin(job: Job, plans: readonly StreamPlan[]): Promise<void> {
    return this.change(async (now) => {
      await this.ledger.beginAttempt(this.db, job, now);
      for (const plan of plans) {
        this.plans.set(plan.key, plan);
        await this.ledger.beginStream(this.db, job, plan, this.rows.get(plan.key), NOWHERE, now);
      }
    });
  }

  store(
    states: readonly StreamState[],
    { shared, complete = false }: { shared?: JsonObject; complete?: boolean } = {},
  ): Promise<void> {
    const { connection } = this.options;
    return this.change(async (now) => {
      for (const state of states) {
        const plan = this.plans.get(state.stream);
        if (!plan) throw new Error(`the books have no stream ${state.stream}: it was not begun`);
        await this.ledger.storeState(this.db, connection, plan, state, { mark: 0, complete, now });
      }
      if (shared) await this.ledger.storeShared(this.db, connection, shared, now);
    });
  }

  reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void> {
    return this.change((now) => this.ledger.reset(this.db, connection, orders, shared, now));
  }

  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void> {
    return this.change((now) => this.ledger.endAttempt(this.db, job, outcome, summary, now));
  }

  async close(): Promise<void> {
    await this.queue;
    await this.db.close();
    await this.held?.close();
  }

  /** One transaction, committed only while the lease is ours. */
  private change(work: (now: number) => Promise<void>): Promise<void> {
    const done = this.queue.then(() => {
      const { held } = this;
      if (!held) throw new Error('these books were opened to be read only');
      return this.db.transaction(async () => {
        await work(this.options.clock());
        await held.lease.check(this.db);
      });
    });
    this.queue = done.catch(() => undefined);
    return done;
  }
}

const refuse = async (): Promise<never> => {
  throw new Error('these books were opened to be read only');
};

/** What is read where nobody has kept books yet. */
const NO_BOOKS: Books = {
  load: async () => undefined,
  history: async () => [],
  begin: refuse,
  store: refuse,
  reset: refuse,
  end: refuse,
  close: async () => undefined,
};
