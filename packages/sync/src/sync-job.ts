import { setTimeout as delay } from 'node:timers/promises';
import { type JsonObject, streamKey } from '@tidemark/protocol';
import type { ConnectorError, RunContext } from '@tidemark/source';
import type { AttemptPlan } from './attempt.js';
import type { JobOutcome, Session } from './destination.js';
import { Headway } from './headway.js';
import type { SyncEvent } from './progress.js';
import { type AttemptResult, added, type StreamResult, type SyncResult } from './result.js';
import { Retry } from './retry.js';
import { type AttemptEnd, runAttempt } from './run-attempt.js';
import type { SchemaChange } from './schema-change.js';
import { DEFAULT_DESTINATION_SILENT_SECONDS, SessionGuard } from './session-guard.js';
import { StopDeadline, SyncStopped } from './stop-deadline.js';
import type { SyncSettings } from './sync.js';

/** What one call of `sync` knows from attempt to attempt. */
export class SyncJob {
  private readonly context: RunContext;
  private readonly retry: Retry;
  private readonly headway = new Headway();
  private readonly attempts: AttemptResult[] = [];
  private readonly streams = new Map<string, StreamResult>();
  private readonly hopeless = new Set<string>();
  private readonly schemaChanges: SchemaChange[] = [];
  private config: JsonObject;
  private begun: AttemptPlan | undefined;
  private last: AttemptEnd | undefined;
  private readonly startedAt: number;
  private readonly stop: StopDeadline;

  constructor(private readonly settings: SyncSettings) {
    this.config = settings.config;
    this.context = this.runContext();
    this.stop = new StopDeadline(this.context.signal);
    this.retry = new Retry(settings.retry);
    this.startedAt = this.context.clock();
  }

  get isStopped(): boolean {
    return this.context.signal.aborted;
  }

  /** Throws SyncStopped when the sync was told to stop meanwhile. */
  async open(): Promise<Session> {
    const { context, settings, stop } = this;
    const { destination, connection, leaseSeconds } = settings;
    const log: RunContext['log'] = (level, message) => context.log(level, context.redact(message));
    const guard = new SessionGuard({
      seconds: destination.watchesItself
        ? 0
        : (settings.destinationSilentSeconds ?? DEFAULT_DESTINATION_SILENT_SECONDS),
      name: destination.name,
      stop,
      log,
    });
    const schemaChanged = (change: SchemaChange) => this.schemaChanges.push(change);
    const { clock, signal } = context;
    const options = { clock, log, connection, leaseSeconds, schemaChanged, signal };
    try {
      return await guard.open(() => destination.open(options));
    } catch (error) {
      throw this.begun === undefined && this.isStopped ? new SyncStopped(error) : error;
    }
  }

  /** Nothing of it keeps the process alive any more. */
  dispose(): void {
    this.stop.dispose();
  }

  /** Runs the next attempt. Throws when it cannot begin. */
  async attempt(session: Session): Promise<void> {
    this.last = undefined;
    const end = await runAttempt({
      sync: this.settings,
      context: this.context,
      stop: this.stop,
      config: this.config,
      session,
      restart: this.begun === undefined && (this.settings.restart ?? false),
      within: this.begun?.job.nonce,
      hopeless: this.hopeless,
      headway: this.headway,
      schemaChanges: this.schemaChanges,
      tell: (event) => this.tell(event),
      onBegun: (plan) => {
        this.begun = plan;
      },
    });
    this.last = end;
    const { outcome, rows, progressed, errors, startedAt, elapsedSeconds, unparsable } = end;
    const { attempt } = end.plan.job;
    const about = unparsable && { unparsable };
    this.attempts.push({ attempt, outcome, rows, progressed, errors, startedAt, elapsedSeconds, ...about });
    for (const stream of end.streams) {
      const key = streamKey(stream.stream);
      this.streams.set(key, added(this.streams.get(key), stream));
      if (stream.status === 'failed' && stream.error?.kind === 'config') this.hopeless.add(key);
    }
    this.tellSchema();
    this.tell({ type: 'attempt', result: this.result() });
  }

  /** Milliseconds until the next attempt; undefined when there is none. `failure`: the last one could not begin. */
  waitAfter(failure: ConnectorError | undefined): number | undefined {
    if (this.isStopped) return undefined;
    if (failure) return failure.kind === 'config' ? undefined : this.retry.after(false);
    const { streams, errors, progressed } = this.last!;
    // A configuration error is met again however often it is tried.
    const isOpen = streams.some(({ status, error }) => status !== 'complete' && error?.kind !== 'config');
    const isHopeless = errors.length > 0 && errors.every((error) => error.kind === 'config');
    return isOpen && !isHopeless ? this.retry.after(progressed) : undefined;
  }

  async wait(ms: number, failure: ConnectorError | undefined): Promise<void> {
    const seconds = ms / 1_000;
    const nextAttempt = (this.begun?.job.attempt ?? 0) + 1;
    this.tell({ type: 'wait', seconds, nextAttempt, error: failure ?? this.last?.errors[0] });
    if (failure) this.context.log('ERROR', this.context.redact(failure.message));
    if (ms === 0) {
      this.context.log('INFO', 'The attempt failed but got on: the next one begins at once.');
      return;
    }
    this.context.log('INFO', `Backing off for: ${seconds} seconds.`);
    await (this.settings.sleep ?? sleep)(ms, this.context.signal);
  }

  /** What there is to say so far. Throws `failure` when no attempt could begin. */
  result(failure?: ConnectorError): SyncResult {
    if (!this.begun) {
      if (this.isStopped) throw failure instanceof SyncStopped ? failure : new SyncStopped(failure);
      if (failure) throw failure;
      throw new Error('no attempt has begun');
    }
    const streams = [...this.streams.values()];
    return {
      outcome: this.outcome(failure, streams),
      jobId: this.begun.job.id,
      attempt: this.begun.job.attempt,
      streams,
      errors: failure && !(failure instanceof SyncStopped) ? [failure] : this.errors(streams),
      rows: streams.reduce((sum, stream) => sum + stream.committed, 0),
      elapsedSeconds: Math.max(0, this.context.clock() - this.startedAt) / 1_000,
      nextJob: this.last?.nextJob,
      left: this.last?.left ?? [],
      attempts: [...this.attempts],
    };
  }

  private outcome(failure: ConnectorError | undefined, streams: readonly StreamResult[]): JobOutcome {
    const complete = streams.filter(({ status }) => status === 'complete').length;
    if (this.isStopped && (failure || complete < streams.length)) return 'stopped';
    if (failure) return complete > 0 ? 'partial' : 'failed';
    return this.last?.outcome ?? 'failed';
  }

  /** Of the last attempt, with those of streams that were not tried again. */
  private errors(streams: readonly StreamResult[]): ConnectorError[] {
    const errors = [...(this.last?.errors ?? [])];
    for (const { error, status } of streams) {
      if (error && status === 'failed' && !errors.includes(error)) errors.push(error);
    }
    return errors;
  }

  private tellSchema(): void {
    const changes = this.schemaChanges.splice(0);
    if (changes.length > 0) this.tell({ type: 'schema', changes });
  }

  private tell(event: SyncEvent): void {
    try {
      this.settings.onEvent?.(event);
    } catch (error) {
      // Whoever shows the progress must not be able to end the sync.
      this.context.log('DEBUG', this.context.redact(`onEvent: ${String(error)}`));
    }
    if (event.type === 'start') this.tellSchema();
  }

  private runContext(): RunContext {
    const ignore = () => undefined;
    const { settings } = this;
    const { context = {} } = settings;
    return {
      clock: settings.clock ?? context.clock ?? Date.now,
      log: settings.log ?? context.log ?? ignore,
      addSecret: context.addSecret ?? ignore,
      redact: context.redact ?? ((text) => text),
      configChanged: (config) => {
        this.config = config;
        context.configChanged?.(config);
      },
      signal: settings.signal ?? context.signal ?? new AbortController().signal,
      alive: context.alive,
    };
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
