import type { JsonObject } from '@tidemark/protocol';
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
} from './destination.js';

/**
 * Where jobs, attempts, generations and states are kept when it is not the destination itself: a file, a PostgreSQL
 * database. For destinations that only acknowledge (programs, standard output) and for whoever wants the state elsewhere.
 */
export interface BookStore {
  /** As a configuration writes it, without secrets: `file:PATH`. */
  readonly name: string;
  /** Opens it and keeps every other runner of the connection out until `close`. Throws ConnectorError (transient) when held. */
  open(options: OpenOptions): Promise<Books>;
}

/** Open books. The calls mean what they mean in `Session`; each is durable when it returns. */
export interface Books {
  load(connection: string): Promise<StoredJob | undefined>;
  history(connection: string, limit: number): Promise<StoredAttempt[]>;
  begin(job: Job, plans: readonly StreamPlan[]): Promise<void>;
  /** Stores states that cover rows which the destination has acknowledged. `complete` marks the streams as complete. */
  store(states: readonly StreamState[], options?: { shared?: JsonObject; complete?: boolean }): Promise<void>;
  reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void>;
  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void>;
  close(): Promise<void>;
}
