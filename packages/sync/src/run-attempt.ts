import { createHash } from 'node:crypto';
import { canonical, type JsonObject, type StreamDescriptor, streamKey } from '@tidemark/protocol';
import { type Connection, ConnectorError, type RunContext, read } from '@tidemark/source';
import { announce } from './announce.js';
import { type AttemptPlan, planAttempt } from './attempt.js';
import { checkpointPolicy } from './checkpoint.js';
import { type Choice, chooseStreams, configuredCatalog } from './choose-streams.js';
import type { JobOutcome, Session, StoredJob, StoredStream } from './destination.js';
import type { Headway } from './headway.js';
import { DEFAULT_HEARTBEAT_SECONDS, Heartbeat } from './heartbeat.js';
import { isGivenUp, leftOpen, streamsAfter, whyNextJob } from './job-end.js';
import type { SyncEvent } from './progress.js';
import { notRead, type StreamResult, type Unparsable } from './result.js';
import { SyncRun } from './run.js';
import { keyChanges, type SchemaChange, streamChanges } from './schema-change.js';
import { withoutSecrets } from './secrets.js';
import { type StopDeadline, SyncStopped } from './stop-deadline.js';
import type { SyncSettings } from './sync.js';

/** A source that was silent is given up after so long: it may be near an answer. After a stop see `StopDeadline`. */
const GRACE_SECONDS = 10;
/** What a source that was read to its end may need to close. */
const CLOSE_SECONDS = 4;

/** What an attempt is given. */
export interface AttemptSettings {
  sync: SyncSettings;
  context: RunContext;
  stop: StopDeadline;
  /** The configuration as it is by now: a token that can be used once may have been renewed. */
  config: JsonObject;
  session: Session;
  restart: boolean;
  /** The nonce of the job that this sync has begun already. */
  within: string | undefined;
  /** Streams that a configuration error keeps from being read: another attempt would only meet it again. */
  hopeless: ReadonlySet<string>;
  headway: Headway;
  /** Columns and streams that are not what they were; whoever listens is told of them now and then. */
  schemaChanges: SchemaChange[];
  tell: (event: SyncEvent) => void;
  /** Called when the attempt is in the books. */
  onBegun: (attempt: AttemptPlan) => void;
}

/** What became of an attempt. */
export interface AttemptEnd {
  plan: AttemptPlan;
  outcome: JobOutcome;
  streams: StreamResult[];
  errors: ConnectorError[];
  rows: number;
  progressed: boolean;
  startedAt: number;
  elapsedSeconds: number;
  /** Why the next sync begins a new job although this one is not complete. */
  nextJob?: string;
  /** Half-read streams of the job that were not asked for: they keep it from being complete. */
  left: StreamDescriptor[];
  unparsable?: Unparsable;
}

/** Runs one attempt in an open session. Throws ConnectorError when it cannot begin; what fails later is in the result. */
export async function runAttempt(settings: AttemptSettings): Promise<AttemptEnd> {
  const { sync, context, session, stop } = settings;
  const heartbeat = { beat: (): void => undefined };
  const alive: RunContext = {
    ...context,
    alive: () => heartbeat.beat(),
    log: (level, message) => {
      heartbeat.beat();
      context.log(level, message);
    },
  };
  const connection = await stop.within(sync.source.connect(settings.config, alive), (late) => closed(late, settings));
  try {
    const choice = await stop.within(chooseStreams(connection, sync.streams));
    choice.chosen = choice.chosen.filter(({ description }) => !settings.hopeless.has(streamKey(description)));
    choice.failed = choice.failed.filter(({ stream }) => !settings.hopeless.has(streamKey(stream)));
    for (const warning of choice.warnings) context.log('WARN', context.redact(warning));
    const stored = await session.load(sync.connection);
    refuseStranger(stored, settings.within);
    const fingerprint = await stop.within(fingerprintOf(sync));
    const { restart, within } = settings;
    const { together } = connection;
    const wish = { connection: sync.connection, fingerprint, restart, within, together };
    const plan = planAttempt(stored, choice.chosen, wish);
    announce(plan, (level, message) => context.log(level, context.redact(message)));
    await session.begin(plan.job, plan.plans);
    settings.onBegun(plan);
    if (within === undefined) {
      const wanted = [
        ...choice.chosen.map(({ description }) => description),
        ...choice.failed.map((one) => one.stream),
      ];
      settings.schemaChanges.push(...streamChanges(stored, connection.streams, wanted.map(named)));
      settings.schemaChanges.push(...keyChanges(stored, plan.plans));
    }
    return await readAttempt(settings, connection, plan, choice, stored, heartbeat);
  } finally {
    await closed(connection, settings);
  }
}

async function readAttempt(
  settings: AttemptSettings,
  connection: Connection,
  plan: AttemptPlan,
  choice: Choice,
  stored: StoredJob | undefined,
  listener: { beat: () => void },
): Promise<AttemptEnd> {
  const { sync, context, session } = settings;
  const startedAt = context.clock();
  const seconds = sync.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS;
  const heartbeat = new Heartbeat(seconds, () => run.error(silent(seconds), 'all'));
  listener.beat = heartbeat.beat;
  const run: SyncRun = new SyncRun(plan, {
    session,
    policy: checkpointPolicy(sync.checkpoint),
    context,
    heartbeat,
    together: connection.together ?? new Set(),
    tell: settings.tell,
  });
  run.begin();
  for (const { stream, error } of choice.failed) run.error(error, stream);
  heartbeat.start();
  let unparsable: Unparsable | undefined;
  try {
    unparsable = await readOrAbandon(settings, connection, plan, choice, stored, run);
  } finally {
    heartbeat.stop();
    await run.end();
  }
  await run.acknowledged();
  const streams = [
    ...run.results(),
    ...choice.failed.map(({ stream, error }) => notRead(stream, { status: 'failed', error })),
  ];
  const order = connection.streams.map(streamKey);
  streams.sort((a, b) => order.indexOf(streamKey(a.stream)) - order.indexOf(streamKey(b.stream)));
  const begunAnew = new Set(
    choice.chosen
      .filter((one) => one.syncMode === 'full_refresh' && one.description.is_resumable === false)
      .map(({ description }) => streamKey(description)),
  );
  let progressed = false;
  for (const one of plan.plans)
    if (settings.headway.made(one, !begunAnew.has(one.key), run.stored(one))) progressed = true;
  const after = streamsAfter(stored, plan, (one) => run.stored(one));
  const asked = new Set([...streams.map(({ stream }) => streamKey(stream)), ...settings.hopeless]);
  const left = leftOpen(after, plan.job.nonce, asked, connection.streams);
  return { ...(await endAttempt(settings, run, plan, { streams, progressed, startedAt, after, left })), unparsable };
}

/** A source that goes on reading although it was told not to is left behind: nothing that it says is listened to any more. */
async function readOrAbandon(
  settings: AttemptSettings,
  connection: Connection,
  plan: AttemptPlan,
  choice: Choice,
  stored: StoredJob | undefined,
  run: SyncRun,
): Promise<Unparsable | undefined> {
  const { context, sync, stop } = settings;
  const states = new Map(plan.plans.flatMap((one) => (one.state ? [[one.key, one.state] as const] : [])));
  const together = connection.together ?? new Set();
  // A shared state without any stream's own would go on from a place that no stream has reached.
  const isShared = plan.plans.some((one) => one.state && (together.size === 0 || together.has(one.key)));
  const shared = isShared ? stored?.shared : undefined;
  const signal = AbortSignal.any([context.signal, run.signal]);
  const catalog = configuredCatalog(plan, choice.chosen);
  const reading = read({ connection, catalog, states, shared, sink: run, remembersBoundary: true, signal });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    const begin = () => {
      const seconds = Math.min(GRACE_SECONDS, sync.heartbeatSeconds || GRACE_SECONDS);
      timer = setTimeout(() => resolve('late'), seconds * 1_000);
    };
    run.signal.addEventListener('abort', begin, { once: true });
    void stop.source.then(() => resolve('late'));
  });
  try {
    const end = await Promise.race([reading, late]);
    if (end !== 'late') return end.unparsable;
    reading.catch(() => undefined);
    context.log('WARN', 'The source does not end; it is left behind. What it has handed over is kept.');
    await run.abandon();
    return run.noMessages;
  } finally {
    clearTimeout(timer);
  }
}

async function endAttempt(
  settings: AttemptSettings,
  run: SyncRun,
  plan: AttemptPlan,
  {
    streams,
    progressed,
    startedAt,
    after,
    left,
  }: Pick<AttemptEnd, 'streams' | 'progressed' | 'startedAt' | 'left'> & { after: StoredStream[] },
): Promise<AttemptEnd> {
  const { context, session } = settings;
  const missing = streams.filter((stream) => stream.status !== 'complete').length + settings.hopeless.size;
  const all = streams.length + settings.hopeless.size;
  const outcome = outcomeOf(missing, all, run.destinationFailed, context.signal.aborted);
  const rows = streams.reduce((sum, stream) => sum + stream.committed, 0);
  // Whoever asked for some of the streams has them; the job is not over while others are half read.
  const ofJob = outcome === 'complete' && left.length > 0 ? 'partial' : outcome;
  const givenUp = isGivenUp(streams, left);
  const nextJob = whyNextJob({
    job: plan.job,
    outcome: ofJob,
    lastAttemptProgressed: progressed,
    givenUp,
    streams: after,
  });
  const errors = [...run.errors];
  const first = errors[0];
  try {
    await session.end(plan.job, ofJob, { rows, progressed, givenUp, error: first && context.redact(first.message) });
  } catch (error) {
    // The rows and states are safe; only the books' last line is missing, and a missing one reads as "unfinished".
    if (!run.destinationFailed && !(error instanceof SyncStopped)) errors.push(ConnectorError.from(error));
  }
  const elapsedSeconds = Math.max(0, context.clock() - startedAt) / 1_000;
  return { plan, outcome, streams, errors, rows, progressed, startedAt, elapsedSeconds, nextJob, left };
}

function outcomeOf(missing: number, all: number, destinationFailed: boolean, aborted: boolean): JobOutcome {
  if (missing === 0) return 'complete';
  if (aborted) return 'stopped';
  if (destinationFailed) return 'failed';
  return missing < all ? 'partial' : 'failed';
}

function silent(seconds: number): ConnectorError {
  return new ConnectorError(
    'transient',
    `The source has given no sign of life for ${seconds} seconds: no page, no log line, nothing. The attempt was ended; a source that is busy for longer needs a greater heartbeat_seconds.`,
  );
}

/** Between two attempts the destination is free: whoever took the job up meanwhile has it. */
function refuseStranger(stored: StoredJob | undefined, within: string | undefined): void {
  if (within === undefined) return;
  if (stored?.job.nonce === within && stored.outcome !== 'complete') return;
  throw new ConnectorError(
    'config',
    'Another sync of this connection has gone on with the job while this one waited. This one ends.',
  );
}

async function fingerprintOf({ source, config }: SyncSettings): Promise<string> {
  // A manifest may have no spec: then nothing says which of its values are secrets, and only their hash is kept.
  const spec = await source.spec().catch(() => undefined);
  const text = canonical(spec ? withoutSecrets(config, spec.connectionSpecification) : config);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function named({ name, namespace }: { name: string; namespace?: string | null }) {
  return { name, namespace: namespace ?? undefined };
}

/** A source that hangs must not keep the next attempt from beginning. */
async function closed(
  connection: Connection,
  { context, stop }: Pick<AttemptSettings, 'context' | 'stop'>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_SECONDS * 1_000);
  });
  const closing = connection
    .close()
    .catch((error) => context.log('WARN', context.redact(`The source did not close: ${String(error)}`)));
  await Promise.race([closing, late, stop.all]);
  clearTimeout(timer);
}
