import type { DestinationSyncMode, JsonObject, StreamDescriptor, SyncMode } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';

/**
 * Where the rows of a sync go. The destination keeps the job's books (jobs, attempts, generations, states) beside the
 * rows, and whatever it acknowledges is durable: rows and the state that covers them become visible in one step or not
 * at all. `describeDestination` in `@tidemark/sync/testing` proves an implementation.
 */
export interface Destination {
  /** How it is written in a configuration, without secrets: `duckdb:FILE`. */
  readonly name: string;
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
  /** The attempt is over. `complete` ends the job: the next sync begins a new one. */
  end(job: Job, outcome: JobOutcome, summary: AttemptSummary): Promise<void>;
  /** Frees files and locks. What is not committed is gone. Does not throw. */
  close(): Promise<void>;
}

/** One transaction after the other over the streams that it was made for. Calls never overlap. */
export interface Writer {
  /** The destination would like what is open to be committed soon, due or not. May be absent. */
  readonly wantsCommit?: boolean;
  /** Adds rows to the open transaction (begins one). Memory is bounded by the destination, not by the transaction. */
  write(stream: string, batch: Batch): Promise<WriteResult>;
  /**
   * Deletes the rows that this job wrote for the unit, in this attempt or an earlier one. Part of the transaction.
   * Returns how many there were.
   */
  restart(stream: string, unit: string): Promise<number>;
  /** Makes everything since the last commit durable together with the states that cover exactly that. */
  commit(states: readonly StreamState[]): Promise<void>;
  /**
   * Commits like `commit`, marks the stream as complete in this job and, for overwrite modes, puts the new rows in the
   * place of the old ones: readers see the old table until then, the whole new one after. Calling it again does nothing.
   */
  finish(state: StreamState): Promise<void>;
  /** Forgets everything since the last commit. */
  rollback(): Promise<void>;
  /** Rolls back what is open and frees the connection. Does not throw. */
  close(): Promise<void>;
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
}

/** What the destination remembers of a job. */
export interface StoredJob {
  job: Job;
  /** `running` also after a kill. */
  outcome: JobOutcome | 'running';
  /** Whether its last attempt committed anything; unknown when that attempt did not come to an orderly end. */
  lastAttemptProgressed?: boolean;
  streams: StoredStream[];
}

/** What the destination remembers of a stream. */
export interface StoredStream {
  stream: StreamDescriptor;
  /** Nonce of the job that touched it last. */
  job: string;
  generation: number;
  status: 'open' | 'complete';
  syncMode: SyncMode;
  destinationSyncMode: DestinationSyncMode;
  state?: JsonObject;
  /** Rows that the job `job` has committed. */
  rows: number;
  /** The job in which the stream was last begun without open units. */
  openSince: number;
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
  /** Rows of an older generation have to be gone when the stream is complete; 0 keeps them. */
  readonly minimumGeneration: number;
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
export interface BatchPage {
  readonly unit: string;
  readonly records: readonly RecordData[];
  /** Milliseconds since the epoch. */
  readonly extractedAt: number;
}

export interface WriteResult {
  /** Values that did not fit their column and are now null with an entry in `_airbyte_meta.changes`. */
  changed: number;
}

export interface StreamState {
  readonly stream: string;
  readonly state: JsonObject;
  /** Rows of the stream since the last commit, for the books. */
  readonly rows: number;
}
