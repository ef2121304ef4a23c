import { type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type {
  AttemptSummary,
  Job,
  JobOutcome,
  StoredJob,
  StoredStream,
  StreamPlan,
  StreamState,
} from '../../destination.js';
import type { Db } from './database.js';
import type { TableName } from './table.js';

/** Raised when the tables of the books change; a file with a higher one is refused. */
const VERSION = 1;

const TABLES = `
CREATE SCHEMA IF NOT EXISTS _tidemark;
CREATE TABLE IF NOT EXISTS _tidemark.version (version INTEGER);
CREATE TABLE IF NOT EXISTS _tidemark.jobs (
  connection VARCHAR, id BIGINT, nonce VARCHAR, fingerprint VARCHAR, attempt INTEGER, outcome VARCHAR,
  last_attempt_progressed BOOLEAN, started_at TIMESTAMP WITH TIME ZONE, ended_at TIMESTAMP WITH TIME ZONE);
CREATE TABLE IF NOT EXISTS _tidemark.attempts (
  connection VARCHAR, job BIGINT, attempt INTEGER, outcome VARCHAR, "rows" BIGINT, error VARCHAR,
  started_at TIMESTAMP WITH TIME ZONE, ended_at TIMESTAMP WITH TIME ZONE);
CREATE TABLE IF NOT EXISTS _tidemark.streams (
  connection VARCHAR, namespace VARCHAR, name VARCHAR, table_schema VARCHAR, table_name VARCHAR, job VARCHAR,
  generation BIGINT, status VARCHAR, sync_mode VARCHAR, destination_sync_mode VARCHAR, state VARCHAR, "rows" BIGINT,
  open_since BIGINT, raw_id_mark BIGINT, updated_at TIMESTAMP WITH TIME ZONE);
CREATE TABLE IF NOT EXISTS _tidemark.columns (
  schema_name VARCHAR, table_name VARCHAR, position INTEGER, field VARCHAR, column_name VARCHAR, kind VARCHAR,
  declared BOOLEAN);
`;

/** Makes the books where there are none. Throws when a newer Tidemark has written them. */
export async function prepareLedger(db: Db): Promise<void> {
  const known = await db.one(`SELECT count(*) AS n FROM duckdb_tables() WHERE schema_name = '_tidemark'`);
  await db.transaction(async () => {
    if (Number(known.n) < 5)
      for (const statement of TABLES.split(';').filter((part) => part.trim() !== '')) await db.run(statement);
    const { version } = await db.one('SELECT max(version) AS version FROM _tidemark.version');
    if (version === null || version === undefined) await db.run(`INSERT INTO _tidemark.version VALUES (${VERSION})`);
    else if (Number(version) > VERSION) {
      throw new ConnectorError(
        'config',
        `The books in this file were written by a newer Tidemark (version ${version}, this one knows ${VERSION}). Update Tidemark.`,
      );
    }
  });
}

/** A stream's row in the books, with where its table is. */
export interface StreamRow extends StoredStream {
  table: TableName;
  /** Millisecond of the last `_airbyte_raw_id` that was committed. */
  rawIdMark: number;
}

const num = (value: unknown): number => Number(value ?? 0);

export async function loadStreams(db: Db, connection: string): Promise<StreamRow[]> {
  const rows = await db.all('SELECT * FROM _tidemark.streams WHERE connection = $1 ORDER BY namespace, name', [
    connection,
  ]);
  return rows.map((row) => ({
    stream: { name: String(row.name), namespace: row.namespace === '' ? undefined : String(row.namespace) },
    table: { schema: String(row.table_schema), name: String(row.table_name) },
    job: String(row.job),
    generation: num(row.generation),
    status: row.status === 'complete' ? 'complete' : 'open',
    syncMode: row.sync_mode as StoredStream['syncMode'],
    destinationSyncMode: row.destination_sync_mode as StoredStream['destinationSyncMode'],
    state: row.state === null ? undefined : (parseJson(String(row.state)) as JsonObject),
    rows: num(row.rows),
    openSince: num(row.open_since),
    rawIdMark: num(row.raw_id_mark),
  }));
}

export async function loadJob(db: Db, connection: string, streams: StoredStream[]): Promise<StoredJob | undefined> {
  const row = await db.one('SELECT * FROM _tidemark.jobs WHERE connection = $1 ORDER BY id DESC LIMIT 1', [connection]);
  if (row.id === undefined) return undefined;
  const { nonce, fingerprint } = row;
  return {
    job: {
      connection,
      id: num(row.id),
      nonce: String(nonce),
      fingerprint: String(fingerprint),
      attempt: num(row.attempt),
    },
    outcome: String(row.outcome) as StoredJob['outcome'],
    lastAttemptProgressed: (row.last_attempt_progressed as boolean | null) ?? undefined,
    streams,
  };
}

/** SQL for a moment of the caller's clock. */
export function at(ms: number): string {
  return `CAST(make_timestamp(${Math.floor(ms)} * 1000) AS TIMESTAMP WITH TIME ZONE)`;
}

export async function beginAttempt(db: Db, job: Job, now: number): Promise<void> {
  const key = [job.connection, job.id];
  if (job.attempt === 1) {
    await db.run(`INSERT INTO _tidemark.jobs VALUES ($1, $2, $3, $4, 1, 'running', NULL, ${at(now)}, NULL)`, [
      ...key,
      job.nonce,
      job.fingerprint,
    ]);
  } else {
    await db.run(
      `UPDATE _tidemark.jobs SET attempt = $3, outcome = 'running', last_attempt_progressed = NULL WHERE connection = $1 AND id = $2`,
      [...key, job.attempt],
    );
  }
  await db.run(`INSERT INTO _tidemark.attempts VALUES ($1, $2, $3, 'running', 0, NULL, ${at(now)}, NULL)`, [
    ...key,
    job.attempt,
  ]);
}

export async function endAttempt(
  db: Db,
  job: Job,
  outcome: JobOutcome,
  summary: AttemptSummary,
  now: number,
): Promise<void> {
  const key = [job.connection, job.id];
  await db.run(
    `UPDATE _tidemark.jobs SET outcome = $3, last_attempt_progressed = $4, ended_at = ${at(now)} WHERE connection = $1 AND id = $2`,
    [...key, outcome, summary.progressed],
  );
  await db.run(
    `UPDATE _tidemark.attempts SET outcome = $4, "rows" = $5, error = $6, ended_at = ${at(now)}
      WHERE connection = $1 AND job = $2 AND attempt = $3`,
    [...key, job.attempt, outcome, summary.rows, summary.error ?? null],
  );
}

/** Writes the stream's row for a new attempt. */
export async function beginStream(
  db: Db,
  job: Job,
  plan: StreamPlan,
  row: StreamRow | undefined,
  table: TableName,
  now: number,
): Promise<void> {
  const key = [job.connection, plan.stream.namespace ?? '', plan.stream.name];
  await db.run('DELETE FROM _tidemark.streams WHERE connection = $1 AND namespace = $2 AND name = $3', key);
  await db.run(
    `INSERT INTO _tidemark.streams VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12, $13, ${at(now)})`,
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
    ],
  );
}

/** Stores the state that covers what the same transaction has written. */
export async function storeState(
  db: Db,
  connection: string,
  plan: StreamPlan,
  state: StreamState,
  mark: number,
  complete: boolean,
  now: number,
): Promise<void> {
  await db.run(
    `UPDATE _tidemark.streams SET state = $4, "rows" = "rows" + $5, raw_id_mark = greatest(raw_id_mark, $6), status = $7, updated_at = ${at(now)}
      WHERE connection = $1 AND namespace = $2 AND name = $3`,
    [
      connection,
      plan.stream.namespace ?? '',
      plan.stream.name,
      stringify(state.state),
      state.rows,
      mark,
      complete ? 'complete' : 'open',
    ],
  );
}
