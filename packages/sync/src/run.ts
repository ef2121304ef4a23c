import { type JsonObject, type StreamDescriptor, type StreamStatus, streamKey } from '@tidemark/protocol';
import {
  ConnectorError,
  type RecordData,
  type RunContext,
  type Sink,
  type StreamOutcome,
  type Unit,
} from '@tidemark/source';
import type { AttemptPlan } from './attempt.js';
import type { CheckpointPolicy } from './checkpoint.js';
import type { Session, StreamPlan } from './destination.js';
import type { StreamProgress, SyncEvent } from './progress.js';
import { notRead, type StreamResult } from './result.js';
import { StreamWriter } from './stream-writer.js';

/** A stream's progress is told at most this often. */
const PROGRESS_MS = 200;

/** One stream of the attempt. */
interface Lane {
  plan: StreamPlan;
  writer: StreamWriter;
  status: StreamProgress['status'];
  started?: number;
  ended?: number;
  told: number;
  error?: ConnectorError;
}

/** One attempt: the sink that the source is read into, one writer for each stream behind it. */
export class SyncRun implements Sink {
  readonly errors: ConnectorError[] = [];
  destinationFailed = false;
  private readonly lanes = new Map<string, Lane>();
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    session: Session,
    private readonly attempt: AttemptPlan,
    private readonly policy: CheckpointPolicy,
    private readonly context: RunContext,
    private readonly onEvent: ((event: SyncEvent) => void) | undefined,
  ) {
    for (const plan of attempt.plans) {
      const writer = new StreamWriter(plan, {
        policy,
        clock: context.clock,
        open: () => session.writer([plan]),
        onCommit: (rows) => this.tell({ type: 'checkpoint', stream: this.progress(this.lane(plan.stream)), rows }),
        onFailure: (error) => this.destinationHasFailed(error, plan),
      });
      this.lanes.set(plan.key, { plan, writer, status: 'waiting', told: 0 });
    }
  }

  /** Aborted when the destination has failed: nothing more is worth reading. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  begin(): void {
    const { job } = this.attempt;
    this.tell({ type: 'start', attempt: job.attempt, jobId: job.id, streams: this.results() });
    const tick = () => {
      for (const { writer } of this.lanes.values()) writer.tick()?.catch(() => undefined);
    };
    this.timer = setInterval(tick, Math.max(10, Math.min(1_000, this.policy.seconds * 250)));
    this.timer.unref();
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    for (const { writer } of this.lanes.values()) await writer.close();
  }

  page(stream: StreamDescriptor, unit: Unit, records: RecordData[], state?: () => JsonObject): void | Promise<void> {
    const lane = this.lane(stream);
    const done = lane.writer.page(unit, records, state);
    const now = this.context.clock();
    if (now - lane.told >= PROGRESS_MS || now < lane.told) {
      lane.told = now;
      this.tell({ type: 'progress', stream: this.progress(lane) });
    }
    return done;
  }

  async finalState(stream: StreamDescriptor, state: JsonObject, outcome: StreamOutcome): Promise<void> {
    const lane = this.lane(stream);
    await lane.writer.finish(state, outcome);
    lane.status = outcome;
  }

  restart(stream: StreamDescriptor, unit: Unit, reason: string): Promise<void> {
    this.log('WARN', `Stream ${stream.name}: ${unit.id === '' ? 'it' : `unit ${unit.id}`} begins anew: ${reason}`);
    return this.lane(stream).writer.restart(unit);
  }

  async status(stream: StreamDescriptor, status: StreamStatus): Promise<void> {
    const lane = this.lane(stream);
    if (status === 'STARTED') {
      lane.status = 'reading';
      lane.started = this.context.clock();
    }
    if (status !== 'COMPLETE' && status !== 'INCOMPLETE') return;
    if (status === 'INCOMPLETE' && lane.status !== 'stopped')
      lane.status = lane.error || !this.stopping ? 'failed' : 'stopped';
    lane.ended = this.context.clock();
    await lane.writer.close();
    this.tell({ type: 'stream', stream: this.progress(lane) });
  }

  error(error: ConnectorError): void {
    const lane =
      error.stream === undefined
        ? undefined
        : [...this.lanes.values()].find(({ plan }) => plan.stream.name === error.stream);
    if (lane) lane.error = error;
    if (!this.errors.includes(error)) this.errors.push(error);
    this.log('ERROR', `${error.stream ? `Stream ${error.stream}: ` : ''}${error.message}`);
  }

  log(level: Parameters<RunContext['log']>[0], message: string): void {
    this.context.log(level, this.context.redact(message));
  }

  /** What there is to say of every stream, those included that an earlier attempt has completed. */
  results(): StreamResult[] {
    const lanes = [...this.lanes.values()].map(
      (lane): StreamResult => ({
        ...this.progress(lane),
        earlier: false,
        changed: lane.writer.counts.changed,
        error: lane.error,
      }),
    );
    const done = this.attempt.done.map(({ chosen, rows }) => {
      const { name, namespace } = chosen.description;
      return notRead(
        { name, namespace: namespace ?? undefined },
        { status: 'complete', earlier: true, rowsBefore: rows },
      );
    });
    return [...lanes, ...done];
  }

  private get stopping(): boolean {
    return this.context.signal.aborted || this.destinationFailed;
  }

  private lane(stream: StreamDescriptor): Lane {
    const lane = this.lanes.get(streamKey(stream));
    if (!lane)
      throw new ConnectorError(
        'system',
        `The source sent records of the stream '${stream.name}', which was not asked for.`,
      );
    return lane;
  }

  private destinationHasFailed(error: unknown, plan: StreamPlan): void {
    if (this.destinationFailed) return;
    this.destinationFailed = true;
    this.errors.unshift(ConnectorError.from(error, plan.stream.name));
    this.abort.abort();
  }

  private progress({ plan, writer, status, started, ended }: Lane): StreamProgress {
    const { records, pages, bytes, committed, checkpoints } = writer.counts;
    const elapsedSeconds = started === undefined ? 0 : Math.max(0, (ended ?? this.context.clock()) - started) / 1000;
    const rate = elapsedSeconds > 0 ? records / elapsedSeconds : 0;
    const { stream, rowsBefore, resumed } = plan;
    return { stream, status, records, pages, bytes, committed, checkpoints, rowsBefore, resumed, rate, elapsedSeconds };
  }

  private tell(event: SyncEvent): void {
    try {
      this.onEvent?.(event);
    } catch (error) {
      // Whoever shows the progress must not be able to end the sync.
      this.log('DEBUG', `onEvent: ${String(error)}`);
    }
  }
}
