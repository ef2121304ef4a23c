import { createHash } from 'node:crypto';
import { canonical, type JsonObject, type LogLevel, streamKey } from '@tidemark/protocol';
import { type Connection, ConnectorError, type RunContext, read, type Source } from '@tidemark/source';
import { announce } from './announce.js';
import { type AttemptPlan, planAttempt } from './attempt.js';
import { type CheckpointPolicy, checkpointPolicy } from './checkpoint.js';
import { type Choice, chooseStreams, configuredCatalog } from './choose-streams.js';
import type { Destination, JobOutcome, Session } from './destination.js';
import type { StreamSelection } from './modes.js';
import type { SyncEvent } from './progress.js';
import { notRead, type SyncResult } from './result.js';
import { SyncRun } from './run.js';
import { withoutSecrets } from './secrets.js';

/** One sync: what to read, where to write it, and who is told. */
export interface SyncSettings {
  source: Source;
  config: JsonObject;
  destination: Destination;
  /** Names the connection in the destination's books: the next sync with this name goes on with an unfinished job. */
  connection: string;
  /** Which streams, and how; absent: all, each as well as it can. */
  streams?: readonly StreamSelection[];
  checkpoint?: Partial<CheckpointPolicy>;
  /** Begins a new job even when the last one is unfinished. Incremental streams keep their state. */
  restart?: boolean;
  /** Aborted: every stream stops after the page in hand, with its state committed. */
  signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  clock?: () => number;
  log?: (level: LogLevel, message: string) => void;
  onEvent?: (event: SyncEvent) => void;
  /** What the source is given besides; `signal`, `clock` and `log` from above take precedence. */
  context?: Partial<RunContext>;
}

/**
 * Runs a source into a destination, going on with what an earlier attempt left there.
 * Throws ConnectorError when it cannot begin: a configuration, stream or mode that cannot be, a destination that is held
 * by somebody else or cannot be opened. What fails later is in the result.
 */
export async function sync(settings: SyncSettings): Promise<SyncResult> {
  const context = runContext(settings);
  const log: RunContext['log'] = (level, message) => context.log(level, context.redact(message));
  const session = await settings.destination.open({ clock: context.clock, log });
  let connection: Connection | undefined;
  try {
    connection = await settings.source.connect(settings.config, context);
    const choice = await chooseStreams(connection, settings.streams);
    const stored = await session.load(settings.connection);
    const fingerprint = await fingerprintOf(settings);
    const attempt = planAttempt(stored, choice.chosen, {
      connection: settings.connection,
      fingerprint,
      restart: settings.restart ?? false,
    });
    announce(attempt, log);
    await session.begin(attempt.job, attempt.plans);
    return await runAttempt(settings, context, session, connection, attempt, choice);
  } finally {
    await connection?.close().catch((error) => log('WARN', `The source did not close: ${String(error)}`));
    await session.close();
  }
}

async function runAttempt(
  settings: SyncSettings,
  context: RunContext,
  session: Session,
  connection: Connection,
  attempt: AttemptPlan,
  { chosen, failed }: Choice,
): Promise<SyncResult> {
  const { job, plans } = attempt;
  const started = context.clock();
  const run = new SyncRun(session, attempt, checkpointPolicy(settings.checkpoint), context, settings.onEvent);
  const states = new Map(plans.flatMap((plan) => (plan.state ? [[plan.key, plan.state] as const] : [])));
  const catalog = configuredCatalog(attempt, chosen);
  run.begin();
  for (const { error } of failed) run.error(error);
  try {
    await read({ connection, catalog, states, sink: run, signal: AbortSignal.any([context.signal, run.signal]) });
  } finally {
    await run.end();
  }
  const order = connection.streams.map(streamKey);
  const streams = [
    ...run.results(),
    ...failed.map(({ stream, error }) => notRead(stream, { status: 'failed', error })),
  ];
  streams.sort((a, b) => order.indexOf(streamKey(a.stream)) - order.indexOf(streamKey(b.stream)));
  const missing = streams.filter((stream) => stream.status !== 'complete').length;
  const outcome = outcomeOf(missing, streams.length, run.destinationFailed, context.signal.aborted);
  const rows = streams.reduce((sum, stream) => sum + stream.committed, 0);
  const progressed = streams.some((stream) => stream.checkpoints > 0);
  const result = {
    outcome,
    jobId: job.id,
    attempt: job.attempt,
    streams,
    errors: run.errors,
    rows,
    elapsedSeconds: (context.clock() - started) / 1000,
  };
  try {
    await session.end(job, outcome, {
      rows,
      progressed,
      error: run.errors[0] && context.redact(run.errors[0].message),
    });
  } catch (error) {
    // The rows and states are safe; only the books' last line is missing, and a missing one reads as "unfinished".
    if (!run.destinationFailed) result.errors.push(ConnectorError.from(error));
  }
  return result;
}

function outcomeOf(missing: number, all: number, destinationFailed: boolean, aborted: boolean): JobOutcome {
  if (missing === 0) return 'complete';
  if (destinationFailed) return 'failed';
  if (aborted) return 'stopped';
  return missing < all ? 'partial' : 'failed';
}

function runContext(settings: SyncSettings): RunContext {
  const ignore = () => undefined;
  const { context = {} } = settings;
  return {
    clock: settings.clock ?? context.clock ?? Date.now,
    log: settings.log ?? context.log ?? ignore,
    addSecret: context.addSecret ?? ignore,
    redact: context.redact ?? ((text) => text),
    configChanged: context.configChanged ?? ignore,
    signal: settings.signal ?? context.signal ?? new AbortController().signal,
  };
}

async function fingerprintOf(settings: SyncSettings): Promise<string> {
  const { connectionSpecification } = await settings.source.spec();
  return createHash('sha256')
    .update(canonical(withoutSecrets(settings.config, connectionSpecification)))
    .digest('hex')
    .slice(0, 32);
}
