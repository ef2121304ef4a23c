import { type JsonObject, type StreamDescriptor, streamKey, streamTitle } from '@tidemark/protocol';
import type { StoredAttempt, StoredJob, StoredStream } from '@tidemark/sync';
import { table } from '../sync/table.js';
import { tellRunning } from '../sync/tell-running.js';
import { count, counted, duration, iso, moment } from '../sync/text.js';
import { type BooksOptions, type OpenConnection, withSession } from '../sync/with-session.js';

/** Options of `tidemark status`. */
export interface StatusOptions extends BooksOptions {
  json?: boolean;
}

const ATTEMPTS_SHOWN = 5;

/** `tidemark status`: what the books of a connection say, on standard output. Reads only. Exit codes: 0, 1 failed, 2 usage. */
export async function status(file: string, options: StatusOptions): Promise<number> {
  return withSession(
    file,
    options,
    true,
    async (connection) => {
      const { target, session, redact } = connection;
      const stored = await session.load(target.name);
      const attempts = await session.history(target.name, ATTEMPTS_SHOWN);
      const { positionInWords, whyNextJob } = await import('@tidemark/sync');
      const over = stored && whyNextJob(stored);
      const where = (state: JsonObject | undefined): string | undefined => {
        const words = positionInWords(state);
        return words === undefined ? undefined : redact(words);
      };
      const text = options.json
        ? `${JSON.stringify(statusDocument(connection, stored, attempts, { where, over }), null, 2)}\n`
        : `${statusLines(connection, stored, attempts, { where, over }).join('\n')}\n`;
      process.stdout.write(text);
      return 0;
    },
    (target, redact) => tellRunning(target, redact, options.json),
  );
}

/** What the next sync will do. */
interface Next {
  where(state: JsonObject | undefined): string | undefined;
  /** Why it begins a new job although the last is not complete. */
  over: string | undefined;
}

/** Where a stream's next read begins, in words. */
function resumesFrom(stream: StoredStream, stored: StoredJob, { where, over }: Next): string {
  if (stream.pending) return `the beginning (refresh, ${stream.pending})`;
  const inThisJob = stream.job === stored.job.nonce && stored.outcome !== 'complete' && over === undefined;
  if (inThisJob && stream.status === 'complete') return 'done in this job';
  const anew = stream.syncMode === 'full_refresh' && !inThisJob;
  return (anew ? undefined : where(stream.state)) ?? 'the beginning';
}

function statusLines(
  { target, destination }: OpenConnection,
  stored: StoredJob | undefined,
  attempts: readonly StoredAttempt[],
  next: Next,
): string[] {
  const head = `${target.name} into ${destination.name}`;
  if (!stored) return [head, 'It has not been synced yet.'];
  const rows = stored.streams.map((stream) => [
    streamTitle(stream.stream),
    `${stream.syncMode}, ${stream.destinationSyncMode}`,
    stream.status,
    count(stream.rows),
    String(stream.generation),
    stream.updatedAt === undefined ? '' : moment(stream.updatedAt),
    resumesFrom(stream, stored, next),
  ]);
  for (const stream of missing(target, stored))
    rows.push([streamTitle(stream), '', 'not synced yet', '', '', '', 'the beginning']);
  const titles = ['stream', 'mode', 'status', 'rows in job', 'generation', 'last checkpoint', 'next read from'];
  const tried = attempts.map(({ job, attempt, outcome, rows: n, startedAt, endedAt, error }) => [
    `${job}.${attempt}`,
    outcome === 'running' ? 'running, or killed' : outcome,
    moment(startedAt),
    endedAt === undefined ? '' : duration((endedAt - startedAt) / 1000),
    count(n),
    error ?? '',
  ]);
  return [
    head,
    sentence(stored, next.over),
    '',
    ...table(titles, rows, new Set([3, 4])),
    '',
    ...table(['attempt', 'outcome', 'begun', 'took', 'rows', ''], tried, new Set([4])),
  ];
}

/** Streams that the connection file names and the books do not know. */
function missing({ streams = [] }: OpenConnection['target'], stored: StoredJob): StreamDescriptor[] {
  const known = new Set(stored.streams.map(({ stream }) => streamKey(stream)));
  return streams.filter((stream) => !known.has(streamKey(stream)));
}

function sentence({ job, outcome }: StoredJob, over: string | undefined): string {
  const after = `job ${job.id}, after ${counted(job.attempt, 'attempt')}`;
  if (outcome === 'complete') return `Complete: ${after}. The next sync begins job ${job.id + 1}.`;
  const what = outcome === 'running' ? 'Running, or killed' : `${outcome[0]!.toUpperCase()}${outcome.slice(1)}`;
  if (over) return `${what}: ${after}. The next sync begins job ${job.id + 1}, because ${over}.`;
  return `${what}: ${after}. The next sync goes on with it as attempt ${job.attempt + 1}.`;
}

/** The job and the attempt that the next sync will be. */
function nextSync(stored: StoredJob | undefined, over: string | undefined): object {
  if (!stored) return { job: 1, attempt: 1 };
  const { id, attempt } = stored.job;
  return stored.outcome === 'complete' || over ? { job: id + 1, attempt: 1 } : { job: id, attempt: attempt + 1 };
}

/** The same for machines. Times are ISO 8601, UTC. */
function statusDocument(
  { target, destination }: OpenConnection,
  stored: StoredJob | undefined,
  attempts: readonly StoredAttempt[],
  next: Next,
): object {
  return {
    connection: target.name,
    destination: destination.name,
    job: stored ? { id: stored.job.id, attempt: stored.job.attempt, outcome: stored.outcome } : null,
    next_sync: nextSync(stored, next.over),
    streams: (stored?.streams ?? []).map((stream) => ({
      name: stream.stream.name,
      namespace: stream.stream.namespace ?? null,
      sync_mode: stream.syncMode,
      destination_sync_mode: stream.destinationSyncMode,
      status: stream.status,
      rows_in_job: stream.rows,
      generation: stream.generation,
      last_checkpoint: stream.updatedAt === undefined ? null : iso(stream.updatedAt),
      refresh: stream.pending ?? null,
      next_read_from: resumesFrom(stream, stored!, next),
    })),
    attempts: attempts.map(({ job, attempt, outcome, rows, error, startedAt, endedAt }) => ({
      job,
      attempt,
      outcome,
      rows,
      error: error ?? null,
      started_at: iso(startedAt),
      ended_at: endedAt === undefined ? null : iso(endedAt),
    })),
  };
}
