import type { DestinationSyncMode, JsonObject, StreamDescriptor, SyncMode } from '@tidemark/protocol';
import type { ConnectorError, RecordData, RecordTimes } from '@tidemark/source';
import type { SchemaChange } from './schema-change.js';

/**
 * Where the rows of a sync go. The destination keeps the job's books (jobs, attempts, generations, states) beside the
 * rows, and whatever it acknowledges is durable: rows and the state that covers them become visible in one step or not
 * at all. `describeDestination` in `@tidemark/sync/testing` proves an implementation.
 */
export interface Destination {
  /** How it is written in a configuration, without secrets: `duckdb:FILE`. */
  readonly name: string;
  /** It has a watch of its own over calls that do not come back. */
  readonly watchesItself?: boolean;
  /**
   * Opens it for one sync and keeps every other sync out until `close`.
   * Throws ConnectorError: transient when somebody else holds it, config when it cannot be used at all.
   */
  open(options: OpenOptions): Promise<Session>;
}

/** What a destination is given from outside. */
export interface OpenOptions {
  /** Milliseconds since the epoch; a test sets it. */
  clock: () => number;
  log: (level: 'INFO' | 'WARN' | 'DEBUG', message: string) => void;
  /** The connection that is going to be synced: where others may write beside it, only this one is held. */
  connection: string;
  /** Seconds after which a runner that says nothing counts as dead and its lease may be taken over. */
  leaseSeconds?: number;
  /** Aborted when the run is told to stop: what has not begun to matter need not be waited for. */
  signal?: AbortSignal;
  /** Only `load`, `history` and `close` are called: nothing is locked, written or made. */
  readOnly?: boolean;
  /** Told of each column that was added, widened or moved aside in a table that was there before. */
  schemaChanged?: (change: SchemaChange) => void;
}

/** A destination held by one sync. */
export interface Session {
  /** What the destination knows of this connection's last job and of all its streams; nothing on the first sync. */
  load(connection: string): Promise<StoredJob | undefined>;
  /**
   * Begins an attempt, in one transaction: the job's record, each stream's generation, states dropped where the plan
   * has none, partial rows dropped where the plan says so, tables made or widened to the schema.
   */
  begin(job: Job, plans: readonly StreamPlan[]): Promise<void>;
  /**
   * The writer of some streams that commit together. One writer per stream unless a source has a state that covers
   * several streams at once. Writers run beside each other.
   */
  writer(plans: readonly StreamPlan[]): Promise<Writer>;
  /** The last attempts of a connection, newest first. */
  history(connection: string, limit: number): Promise<StoredAttempt[]>;
  /**
   * Carries out orders about streams, all in one transaction. Streams that the books do not know are passed over. `shared`
   * replaces what the streams have in common (import), `null` drops it; absent, it goes when no stream has a state any more.
   */
  reset(connection: string, orders: readonly ResetOrder[], shared?: JsonObject | null): Promise<void>;
  /**
   * Only where rows are acknowledged after `commit` and `finish` have returned (a program at the end of a pipe): there those
   * calls hand over, and the books get a state when it has come back. Called once, when all writers are closed and before
   * `end`, also after a failure; waits until everything that was handed over is acknowledged, or never will be.
   */
  settle?(stopped: boolean): Promise<Settlement>;
  /** The attempt is over. `complete` ends the job: the next sync begins a new one. */
  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void>;
  /** Frees files and locks. What is not committed is gone. Does not throw. */
  close(): Promise<void>;
  /**
   * A call has never returned: cuts connections, so that it fails and `close`, which comes next, can come to an end. Only where
   * there is something to cut.
   */
  leave?(): void;
}

/** One transaction after the other over the streams that it was made for. Calls never overlap. */
export interface Writer {
  /** The destination would like what is open to be committed soon, due or not. May be absent. */
  readonly wantsCommit?: boolean;
  /** Adds rows to the open transaction (begins one). Memory is bounded by the destination, not by the transaction. */
  write(stream: string, batch: Batch): Promise<WriteResult>;
  /**
   * Deletes the rows that this job wrote for the unit, in this attempt or an earlier one. Part of the transaction.
   * Returns how many there were. Of `WHOLE_STREAM` a table that keeps its rows by key loses all of them, those of earlier jobs
   * too; 0 is returned then. Where rows are history, they stay.
   */
  restart(stream: string, unit: string): Promise<number>;
  /**
   * Makes everything since the last commit durable together with the states that cover exactly that. `shared` is the state
   * that several streams have in common (the protocol's GLOBAL state): kept with them, in the same transaction.
   */
  commit(states: readonly StreamState[], shared?: JsonObject): Promise<void>;
  /**
   * Commits like `commit`, marks the stream as complete in this job and, for overwrite modes, puts the new rows in the
   * place of the old ones: readers see the old table until then, the whole new one after. Calling it again does nothing.
   * Throws ConnectorError (config) when an empty table would take the place of one with rows and the plan does not allow it;
   * nothing is committed then.
   */
  finish(state: StreamState, shared?: JsonObject): Promise<void>;
  /** Forgets everything since the last commit. */
  rollback(): Promise<void>;
  /** Rolls back what is open and frees the connection. Does not throw. */
  close(): Promise<void>;
}

/** What a destination that acknowledges later has acknowledged: it replaces what the runner has counted. */
export interface Settlement {
  /** By stream key: rows and states that came back (the last is `state`), and whether the stream is complete over there. */
  streams: ReadonlyMap<string, { rows: number; checkpoints: number; complete: boolean; state?: JsonObject }>;
  /** Why not everything was acknowledged. */
  error?: ConnectorError;
}

/** One run of a connection over all its streams, in one attempt or more. */
export interface Job {
  readonly connection: string;
  /** Protocol `sync_id`: rises from job to job within a destination. */
  readonly id: number;
  /** Names the job for ever: a state of another job can never be taken for one of this job's. */
  readonly nonce: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Hash of the configuration without its secrets. */
  readonly fingerprint: string;
}

export type JobOutcome = 'complete' | 'partial' | 'failed' | 'stopped';

/** What an attempt leaves in the books about itself. */
export interface AttemptSummary {
  rows: number;
  /** Rows were committed or a stream was completed. */
  progressed: boolean;
  error?: string;
  /** What is missing of the job failed with configuration errors: another attempt would only meet them again. */
  givenUp?: boolean;
}

/** What the destination remembers of a job. */
export interface StoredJob {
  job: Job;
  /** `running` also after a kill. */
  outcome: JobOutcome | 'running';
  /** Whether its last attempt committed anything; unknown when that attempt did not come to an orderly end. */
  lastAttemptProgressed?: boolean;
  /** What its last attempt has said of itself; absent and false mean the same. */
  givenUp?: boolean;
  streams: StoredStream[];
  /** What several streams have in common: the shared part of a GLOBAL state. */
  shared?: JsonObject;
}

/** One attempt as the books have it. Times are milliseconds since the epoch. */
export interface StoredAttempt {
  job: number;
  attempt: number;
  outcome: JobOutcome | 'running';
  rows: number;
  error?: string;
  startedAt: number;
  endedAt?: number;
}

/**
 * An order about one stream.
 * `merge`: the next job reads it from the beginning in a new generation; its rows stay, and are superseded as the new ones come.
 * `truncate`: the same, but the new generation takes the place of all rows when it is complete; until then they can be read.
 * `clear`: its rows and its state go now.
 * `state`: its state is replaced by the given one (import), or dropped where none is given.
 */
export interface ResetOrder {
  stream: StreamDescriptor;
  what: 'merge' | 'truncate' | 'clear' | 'state';
  state?: JsonObject;
}

/** What the destination remembers of a stream. */
export interface StoredStream {
  stream: StreamDescriptor;
  /** Nonce of the job that touched it last. */
  job: string;
  generation: number;
  /**
   * What the plan said that began it. While the stream is open and this is above 0, its rows are beside the table and have
   * to be gone on with in the same way (an overwrite, a truncating refresh). Absent: 0.
   */
  minimumGeneration?: number;
  status: 'open' | 'complete';
  /** Of the plan that was begun last; absent in older books. */
  primaryKey?: string[][];
  syncMode: SyncMode;
  destinationSyncMode: DestinationSyncMode;
  state?: JsonObject;
  /** Rows that the job `job` has committed. */
  rows: number;
  /** The job in which the stream was last begun without open units. */
  openSince: number;
  /** Ordered by `reset` and not begun yet. */
  pending?: 'merge' | 'truncate';
  /** Milliseconds since the epoch of its last commit. */
  updatedAt?: number;
}

/** What happens to one stream in one attempt. */
export interface StreamPlan {
  readonly key: string;
  readonly stream: StreamDescriptor;
  readonly schema: JsonObject;
  readonly syncMode: SyncMode;
  readonly destinationSyncMode: DestinationSyncMode;
  readonly primaryKey: readonly (readonly string[])[];
  readonly cursorField: readonly string[];
  readonly generation: number;
  /**
   * Rows of an older generation have to be gone when the stream is complete; 0 keeps them. Equal to `generation` also for an
   * incremental stream that is being refreshed with `truncate`: rows are then written beside the table and swapped in.
   */
  readonly minimumGeneration: number;
  /** An empty result may take the place of a table that has rows. */
  readonly replaceWithEmpty?: boolean;
  readonly syncId: number;
  /** The state to go on from; absent: from the beginning. */
  readonly state?: JsonObject;
  /** `resume` keeps what earlier attempts committed. `anew` begins at nothing: no half-read generation may be left. */
  readonly begin: 'resume' | 'anew';
  /** With `anew`: the generation that an earlier attempt or job did not finish; its rows have to go. */
  readonly partialGeneration?: number;
  /** Rows that earlier attempts of this job committed and that stay. */
  readonly rowsBefore: number;
  /** An earlier attempt of this job got part of the way. */
  readonly resumed: boolean;
  /** The first job whose rows the stream's open units can hold: `restart` deletes from that job on. */
  readonly openSince: number;
}

/** Pages of one stream, in the order in which they came. */
export interface Batch {
  readonly pages: readonly BatchPage[];
  readonly rows: number;
}
/** The time of one record of a page, in milliseconds since the epoch. */
export function timeOf({ extractedAt }: Pick<BatchPage, 'extractedAt'>, index: number): number {
  return typeof extractedAt === 'number' ? extractedAt : extractedAt[index]!;
}

export interface BatchPage {
  readonly unit: string;
  readonly records: readonly RecordData[];
  readonly extractedAt: RecordTimes;
  /** A 32-bit hash of each record, from the moment at which the source handed it over; see `Tally`. */
  readonly hashes: Uint32Array;
}

/**
 * Rows, and the sum of their hashes modulo 2^52: the same rows in any order give the same tally. Kept at source, runner and
 * destination for each checkpoint and compared before it is committed.
 */
export interface Tally {
  rows: number;
  hash: number;
}

export interface WriteResult {
  /** Values that did not fit their column and are now null with an entry in `_airbyte_meta.changes`. */
  changed: number;
  /**
   * What the destination has taken in: counted where each row is encoded for its table, from the page's `hashes`, never
   * copied from the batch as a whole. A destination that can ask its server how many rows it took compares that itself.
   */
  tally: Tally;
}

export interface StreamState {
  readonly stream: string;
  readonly state: JsonObject;
  /** Rows of the stream since the last commit, for the books. */
  readonly rows: number;
}
