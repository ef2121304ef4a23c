import { type JsonObject, parseJson, type StreamDescriptor, stringify } from '@tidemark/protocol';
import type {
  AttemptSummary,
  Job,
  JobOutcome,
  ResetOrder,
  StoredAttempt,
  StoredJob,
  StoredStream,
  StreamPlan,
  StreamState,
} from '../../destination.js';
import type { LedgerDialect, LedgerTable } from './ledger-tables.js';
import type { SqlDatabase, SqlRow, SqlValue, TableName } from './sql-database.js';

/** A stream's row in the books, with where its table is. */
export interface StreamRow extends StoredStream {
  table: TableName;
  /** Millisecond of the last `_airbyte_raw_id` that was committed. */
  rawIdMark: number;
  /** Rows with later ids are in its tables that no state covers: they have to go before anything is gone on with. */
  uncovered: boolean;
  minimumGeneration: number;
}

/** What is stored with a stream's state. */
export interface StateNote {
  /** Millisecond of the last `_airbyte_raw_id`. */
  mark: number;
  complete: boolean;
  now: number;
}

const number = (value: unknown): number => Number(value ?? 0);
const text = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);
/** A truth as drivers give it: MySQL has 1 and 0. */
export const truth = (value: unknown): boolean =>
  value === true || value === 1 || value === 1n || value === 't' || value === '1';

/**
 * The books of jobs, attempts, streams and states, in tables beside the data. Every call is part of the transaction that
 * is open on the given connection, if any.
 */
export class Ledger {
  constructor(private readonly dialect: LedgerDialect) {}

  /** The streams of a connection. */
  async streams(db: SqlDatabase, connection: string): Promise<StreamRow[]> {
    const { dialect } = this;
    const rows = await db.all(
      `SELECT s.*, ${dialect.milliseconds('s.updated_at')} AS updated_ms FROM ${this.t('streams')} s WHERE s.connection = $1
        ORDER BY s.namespace, s.name`,
      [connection],
    );
    return rows.map(streamRow);
  }

  /** The streams of every connection that have a table in the schema. */
  owners(db: SqlDatabase, schema: string): Promise<SqlRow[]> {
    return db.all(`SELECT connection, name, table_name FROM ${this.t('streams')} WHERE table_schema = $1`, [schema]);
  }

  /** The last job of a connection, with the given streams. */
  async job(db: SqlDatabase, connection: string, streams: StoredStream[]): Promise<StoredJob | undefined> {
    const [row] = await db.all(
      `SELECT id, nonce, fingerprint, attempt, outcome, last_attempt_progressed, given_up FROM ${this.t('jobs')} WHERE connection = $1
        ORDER BY id DESC LIMIT 1`,
      [connection],
    );
    if (!row) return undefined;
    const progressed = row.last_attempt_progressed;
    return {
      job: {
        connection,
        id: number(row.id),
        nonce: String(row.nonce),
        fingerprint: String(row.fingerprint),
        attempt: number(row.attempt),
      },
      outcome: String(row.outcome) as StoredJob['outcome'],
      lastAttemptProgressed: progressed === null || progressed === undefined ? undefined : truth(progressed),
      givenUp: row.given_up !== null && row.given_up !== undefined && truth(row.given_up),
      streams,
      shared: await this.shared(db, connection),
    };
  }

  /** The last attempts of a connection, newest first. */
  async history(db: SqlDatabase, connection: string, limit: number): Promise<StoredAttempt[]> {
    const { dialect } = this;
    const rows = await db.all(
      `SELECT job, attempt, outcome, ${dialect.quote('rows')} AS row_count, error,
          ${dialect.milliseconds('started_at')} AS started_ms, ${dialect.milliseconds('ended_at')} AS ended_ms
        FROM ${this.t('attempts')} WHERE connection = $1 ORDER BY job DESC, attempt DESC LIMIT ${Math.max(0, Math.floor(limit))}`,
      [connection],
    );
    return rows.map((row) => ({
      job: number(row.job),
      attempt: number(row.attempt),
      outcome: String(row.outcome) as StoredAttempt['outcome'],
      rows: number(row.row_count),
      error: text(row.error),
      startedAt: number(row.started_ms),
      endedAt: row.ended_ms === null ? undefined : number(row.ended_ms),
    }));
  }

  /** An attempt begins; with the first, the job. */
  async beginAttempt(db: SqlDatabase, job: Job, now: number): Promise<void> {
    const { dialect } = this;
    const moment = dialect.moment(now);
    if (job.attempt === 1) {
      await db.run(
        `INSERT INTO ${this.t('jobs')} (connection, id, nonce, fingerprint, attempt, outcome, started_at)
          VALUES ($1, $2, $3, $4, 1, 'running', ${moment})`,
        [job.connection, job.id, job.nonce, job.fingerprint],
      );
    } else {
      await db.run(
        `UPDATE ${this.t('jobs')} SET attempt = $1, outcome = 'running', last_attempt_progressed = NULL, given_up = NULL, ended_at = NULL
          WHERE connection = $2 AND id = $3`,
        [job.attempt, job.connection, job.id],
      );
    }
    await db.run(
      `INSERT INTO ${this.t('attempts')} (connection, job, attempt, outcome, ${dialect.quote('rows')}, started_at)
        VALUES ($1, $2, $3, 'running', 0, ${moment})`,
      [job.connection, job.id, job.attempt],
    );
  }

  async endAttempt(
    db: SqlDatabase,
    job: Job,
    outcome: JobOutcome,
    summary: AttemptSummary,
    now: number,
  ): Promise<void> {
    const moment = this.dialect.moment(now);
    await db.run(
      `UPDATE ${this.t('jobs')} SET outcome = $1, last_attempt_progressed = $2, given_up = $3, ended_at = ${moment}
        WHERE connection = $4 AND id = $5`,
      [outcome, summary.progressed, summary.givenUp ?? false, job.connection, job.id],
    );
    await db.run(
      `UPDATE ${this.t('attempts')} SET outcome = $1, ${this.dialect.quote('rows')} = $2, error = $3, ended_at = ${moment}
        WHERE connection = $4 AND job = $5 AND attempt = $6`,
      [outcome, summary.rows, withoutZero(summary.error) ?? null, job.connection, job.id, job.attempt],
    );
  }

  /** Writes the stream's row for a new attempt; an order about it is carried out with that. */
  async beginStream(
    db: SqlDatabase,
    job: Job,
    plan: StreamPlan,
    row: StreamRow | undefined,
    table: TableName,
    now: number,
  ): Promise<void> {
    const key = [job.connection, ...storedName(plan.stream)];
    await db.run(`DELETE FROM ${this.t('streams')} WHERE connection = $1 AND namespace = $2 AND name = $3`, key);
    await db.run(
      `INSERT INTO ${this.t('streams')} (connection, namespace, name, table_schema, table_name, job, generation, status,
          sync_mode, destination_sync_mode, state, ${this.dialect.quote('rows')}, open_since, raw_id_mark, minimum_generation,
          primary_key, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12, $13, $14, $15, ${this.dialect.moment(now)})`,
      [
        ...key,
        table.schema,
        table.name,
        job.nonce,
        plan.generation,
        plan.syncMode,
        plan.destinationSyncMode,
        plan.state ? stringify(plan.state) : null,
        plan.rowsBefore,
        plan.openSince,
        row?.rawIdMark ?? 0,
        plan.minimumGeneration,
        JSON.stringify(plan.primaryKey),
      ],
    );
  }

  /** Stores the state that covers what the same transaction has written. */
  async storeState(
    db: SqlDatabase,
    connection: string,
    plan: StreamPlan,
    state: StreamState,
    { mark, complete, now }: StateNote,
  ): Promise<void> {
    const rows = this.dialect.quote('rows');
    await db.run(
      `UPDATE ${this.t('streams')} SET state = $1, ${rows} = ${rows} + $2, raw_id_mark = greatest(raw_id_mark, $3),
          status = $4, uncovered = NULL, updated_at = ${this.dialect.moment(now)}
        WHERE connection = $5 AND namespace = $6 AND name = $7`,
      [
        stringify(state.state),
        state.rows,
        mark,
        complete ? 'complete' : 'open',
        connection,
        ...storedName(plan.stream),
      ],
    );
  }

  /** Rows of the stream are committed before the state that is going to cover them, or such rows are gone again. */
  async setUncovered(db: SqlDatabase, connection: string, stream: StreamDescriptor, is: boolean): Promise<void> {
    await db.run(
      `UPDATE ${this.t('streams')} SET uncovered = ${is ? 'TRUE' : 'NULL'} WHERE connection = $1 AND namespace = $2 AND name = $3`,
      [connection, ...storedName(stream)],
    );
  }

  /** Marks a stream as complete whose state was stored before its tables were in their places. */
  async markComplete(db: SqlDatabase, connection: string, stream: StreamDescriptor): Promise<void> {
    await db.run(
      `UPDATE ${this.t('streams')} SET status = 'complete' WHERE connection = $1 AND namespace = $2 AND name = $3`,
      [connection, ...storedName(stream)],
    );
  }

  /** Stores what several streams have in common; `null` drops it. */
  async storeShared(db: SqlDatabase, connection: string, shared: JsonObject | null, now: number): Promise<void> {
    await db.run(`DELETE FROM ${this.t('shared')} WHERE connection = $1`, [connection]);
    if (shared === null) return;
    await db.run(
      `INSERT INTO ${this.t('shared')} (connection, state, updated_at) VALUES ($1, $2, ${this.dialect.moment(now)})`,
      [connection, stringify(shared)],
    );
  }

  /**
   * Writes orders into the books: the rows of a cleared stream are the caller's to delete. What the streams have in common
   * goes when none of them has a state any more, since it would be nobody's.
   */
  async reset(
    db: SqlDatabase,
    connection: string,
    orders: readonly ResetOrder[],
    shared: JsonObject | null | undefined,
    now: number,
  ): Promise<void> {
    for (const { stream, what, state } of orders) {
      const set: [string, SqlValue][] = [['state', what === 'state' && state ? stringify(state) : null]];
      if (what === 'clear') set.push(['status', 'open'], [this.dialect.quote('rows'), 0], ['pending', null]);
      // What was written beside the table goes with the state that covered it.
      if (what === 'clear' || what === 'state') set.push(['minimum_generation', 0]);
      // Of no job: a stream that is complete in an unfinished one is read again all the same.
      if (what !== 'state') set.push(['job', '']);
      if (what === 'merge' || what === 'truncate') set.push(['pending', what]);
      const sets = set.map(([name], index) => `${name} = $${index + 1}`);
      await db.run(
        `UPDATE ${this.t('streams')} SET ${sets.join(', ')}, updated_at = ${this.dialect.moment(now)}
          WHERE connection = $${set.length + 1} AND namespace = $${set.length + 2} AND name = $${set.length + 3}`,
        [...set.map(([, value]) => value), connection, ...storedName(stream)],
      );
    }
    if (shared !== undefined) await this.storeShared(db, connection, shared, now);
    else if (!(await this.streams(db, connection)).some((row) => row.state !== undefined))
      await this.storeShared(db, connection, null, now);
  }

  private async shared(db: SqlDatabase, connection: string): Promise<JsonObject | undefined> {
    const [row] = await db.all(`SELECT state FROM ${this.t('shared')} WHERE connection = $1`, [connection]);
    return row ? (parseJson(String(row.state)) as JsonObject) : undefined;
  }

  private t(name: LedgerTable): string {
    return this.dialect.table(name);
  }
}

function streamRow(row: SqlRow): StreamRow {
  const status = row.status === 'complete' ? 'complete' : 'open';
  const destinationSyncMode = row.destination_sync_mode as StoredStream['destinationSyncMode'];
  const generation = number(row.generation);
  // Books of version 1 did not say: there only overwrite modes were written beside their table.
  const before = status === 'open' && destinationSyncMode.startsWith('overwrite') ? generation : 0;
  return {
    stream: { name: readName(row.name), namespace: row.namespace === '' ? undefined : readName(row.namespace) },
    table: { schema: String(row.table_schema), name: String(row.table_name) },
    job: String(row.job),
    generation,
    minimumGeneration: row.minimum_generation === null ? before : number(row.minimum_generation),
    status,
    syncMode: row.sync_mode as StoredStream['syncMode'],
    destinationSyncMode,
    state: row.state === null ? undefined : (parseJson(String(row.state)) as JsonObject),
    primaryKey: keyOf(row.primary_key),
    rows: number(row.rows),
    openSince: number(row.open_since),
    rawIdMark: number(row.raw_id_mark),
    uncovered: row.uncovered !== null && row.uncovered !== undefined && truth(row.uncovered),
    pending: text(row.pending) as StoredStream['pending'],
    updatedAt: row.updated_ms === null ? undefined : number(row.updated_ms),
  };
}

function keyOf(stored: unknown): string[][] | undefined {
  return stored === null || stored === undefined ? undefined : (JSON.parse(String(stored)) as string[][]);
}

/** Stands for the character 0 in a stream's name, which PostgreSQL's texts cannot hold. */
const ZERO = '\uf8f0';

function storedName({ namespace, name }: StreamDescriptor): [string, string] {
  return [(namespace ?? '').replaceAll('\u0000', ZERO), name.replaceAll('\u0000', ZERO)];
}

function readName(value: unknown): string {
  return String(value).replaceAll(ZERO, '\u0000');
}

function withoutZero(message: string | undefined): string | undefined {
  return message?.replaceAll('\u0000', '\ufffd');
}
