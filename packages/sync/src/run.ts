import { type JsonObject, type StreamDescriptor, type StreamStatus, streamKey } from '@tidemark/protocol';
import {
  ConnectorError,
  type GlobalState,
  type RecordData,
  type RecordTimes,
  type RunContext,
  type Sink,
  type StreamEstimate,
  type StreamOutcome,
  type StreamPage,
  type Unit,
  WHOLE_STREAM,
} from '@tidemark/source';
import type { AttemptPlan } from './attempt.js';
import type { CheckpointPolicy } from './checkpoint.js';
import type { Session, StreamPlan } from './destination.js';
import type { StreamEnd } from './headway.js';
import type { Heartbeat } from './heartbeat.js';
import { positionInWords } from './position.js';
import type { StreamProgress, SyncEvent } from './progress.js';
import { notRead, type StreamResult, type Unparsable } from './result.js';
import { SyncStopped } from './stop-deadline.js';
import { type Covering, StreamWriter } from './stream-writer.js';

/** A stream's progress is told at most this often. */
const PROGRESS_MS = 200;

/** One stream of the attempt. Its writer is made with its first page: only then is it known whether it goes on alone. */
interface Lane {
  plan: StreamPlan;
  writer?: StreamWriter;
  status: StreamProgress['status'];
  started?: number;
  ended?: number;
  told: number;
  error?: ConnectorError;
  estimate?: StreamEstimate;
}

/** What a run is given besides its plan. */
export interface RunSettings {
  session: Session;
  policy: CheckpointPolicy;
  context: RunContext;
  heartbeat: Heartbeat;
  /** The streams that one state covers together, where the source says so beforehand. */
  together: ReadonlySet<string>;
  /** Must not throw. */
  tell: (event: SyncEvent) => void;
}

/** One attempt: the sink that the source is read into, the writers behind it. */
export class SyncRun implements Sink {
  readonly errors: ConnectorError[] = [];
  destinationFailed = false;
  /** Known as it goes: a source that is left behind gives no result. */
  noMessages: Unparsable | undefined;
  private readonly lanes = new Map<string, Lane>();
  private readonly abort = new AbortController();
  private group: StreamWriter | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    private readonly attempt: AttemptPlan,
    private readonly settings: RunSettings,
  ) {
    for (const plan of attempt.plans) this.lanes.set(plan.key, { plan, status: 'waiting', told: 0 });
  }

  /** Aborted when nothing more is worth reading: the destination has failed, or the source is silent. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  begin(): void {
    const { job } = this.attempt;
    this.tell({ type: 'start', attempt: job.attempt, jobId: job.id, nonce: job.nonce, streams: this.results() });
    const tick = () => {
      for (const writer of this.writers()) writer.tick()?.catch(() => undefined);
    };
    this.timer = setInterval(tick, Math.max(10, Math.min(1_000, this.settings.policy.seconds * 250)));
    this.timer.unref();
  }

  /** The source does not answer: its streams are given up, with what they have handed over committed. */
  async abandon(): Promise<void> {
    this.ended = true;
    for (const writer of this.writers()) await writer.settle().catch(() => undefined);
    for (const lane of this.lanes.values()) {
      if (lane.status === 'reading') lane.status = this.settings.context.signal.aborted ? 'stopped' : 'failed';
      lane.ended ??= this.settings.context.clock();
    }
  }

  async end(): Promise<void> {
    this.ended = true;
    clearInterval(this.timer);
    for (const writer of this.writers()) await writer.close();
  }

  /** Where the destination acknowledges later: what has not come back by now was handed over, but is not committed. */
  async acknowledged(): Promise<void> {
    const { session, context } = this.settings;
    const settled = await session.settle?.(context.signal.aborted);
    if (!settled) return;
    const { streams, error } = settled;
    for (const [key, lane] of this.lanes) {
      const { rows, checkpoints, complete, state } = streams.get(key) ?? NOTHING_CAME_BACK;
      const counts = lane.writer?.countsOf(key);
      if (counts) Object.assign(counts, { committed: rows, checkpoints, state });
      if (lane.status !== 'complete' || complete) continue;
      lane.status = error || !context.signal.aborted ? 'failed' : 'stopped';
      lane.error ??= error;
    }
    if (error && !this.destinationFailed) this.destinationHasFailed(error, []);
  }

  page(
    stream: StreamDescriptor,
    unit: Unit,
    records: RecordData[],
    state?: () => JsonObject,
    extractedAt?: RecordTimes,
  ): void | Promise<void> {
    const lane = this.lane(stream);
    const { key } = lane.plan;
    const writer = this.alone(lane);
    const covering = state && (() => ({ states: new Map([[key, state()]]) }));
    const done = writer.pages([{ stream: key, unit, records, extractedAt }], covering);
    this.tellProgress(lane);
    return this.waited(done);
  }

  pagesTogether(pages: readonly StreamPage[], state?: () => GlobalState): void | Promise<void> {
    const group = this.groupWriter();
    const incoming = pages.map((page) => ({ ...page, stream: this.together(page.stream) }));
    const done = group.pages(incoming, state && (() => coveringOf(state())));
    for (const stream of new Set(incoming.map((page) => page.stream))) this.tellProgress(this.lanes.get(stream)!);
    return this.waited(done);
  }

  /** A destination that acknowledges later has stored nothing yet. */
  storedTogether(): JsonObject | undefined {
    return this.settings.session.settle ? undefined : this.group?.storedShared;
  }

  async finalState(stream: StreamDescriptor, state: JsonObject, outcome: StreamOutcome): Promise<void> {
    const lane = this.lane(stream);
    const { key } = lane.plan;
    await this.waited(this.alone(lane).finish({ states: new Map([[key, state]]) }, new Map([[key, outcome]])));
    lane.status = outcome;
  }

  async finalTogether(state: GlobalState, outcomes: ReadonlyMap<string, StreamOutcome>): Promise<void> {
    const group = this.groupWriter();
    const ours = new Map([...outcomes].filter(([key]) => this.lanes.get(key)?.writer === group));
    await this.waited(group.finish(coveringOf(state), ours));
    for (const [key, outcome] of ours) this.lanes.get(key)!.status = outcome;
  }

  restart(stream: StreamDescriptor, unit: Unit, reason: string): void | Promise<void> {
    const lane = this.lane(stream);
    this.log(
      'WARN',
      `Stream ${stream.name}: ${unit.id === '' || unit.id === WHOLE_STREAM ? 'it' : `unit ${unit.id}`} begins anew: ${reason}`,
    );
    const writer = this.settings.together.has(lane.plan.key) ? this.groupWriter() : (lane.writer ?? this.alone(lane));
    return this.waited(writer.restart(lane.plan.key, unit));
  }

  estimate(stream: StreamDescriptor, estimate: StreamEstimate): void {
    this.lane(stream).estimate = estimate;
  }

  unparsable(lines: number, file: string | undefined): void {
    this.noMessages = { lines, file };
  }

  async status(stream: StreamDescriptor, status: StreamStatus): Promise<void> {
    if (this.ended) return;
    const lane = this.lane(stream);
    if (status === 'STARTED') {
      lane.status = 'reading';
      lane.started = this.settings.context.clock();
    }
    if (status !== 'COMPLETE' && status !== 'INCOMPLETE') return;
    if (status === 'INCOMPLETE' && lane.status !== 'stopped')
      lane.status = lane.error || !this.isStopping ? 'failed' : 'stopped';
    lane.ended = this.settings.context.clock();
    if (lane.writer !== this.group) await lane.writer?.close();
    this.tell({ type: 'stream', stream: this.progress(lane) });
  }

  /** `all`: nothing more is worth reading. */
  error(error: ConnectorError, which?: StreamDescriptor | 'all'): void {
    if (this.ended) return;
    const lane = typeof which === 'object' ? this.lanes.get(streamKey(which)) : undefined;
    if (lane) lane.error = error;
    if (!this.errors.includes(error)) this.errors.push(error);
    this.log('ERROR', `${error.stream ? `Stream ${error.stream}: ` : ''}${error.message}`);
    if (which === 'all') this.abort.abort();
  }

  log(level: Parameters<RunContext['log']>[0], message: string): void {
    this.settings.heartbeat.beat();
    this.settings.context.log(level, this.settings.context.redact(message));
  }

  /** What there is to say of every stream, those included that an earlier attempt has completed. */
  results(): StreamResult[] {
    const lanes = [...this.lanes.values()].map(
      (lane): StreamResult => ({
        ...this.progress(lane),
        earlier: false,
        changed: lane.writer?.countsOf(lane.plan.key).changed ?? 0,
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

  /** What this attempt has stored of a stream. */
  stored(plan: StreamPlan): StreamEnd {
    const { writer, status } = this.lanes.get(plan.key)!;
    const counts = writer?.countsOf(plan.key);
    return { state: counts?.state, rows: counts?.committed ?? 0, complete: status === 'complete' };
  }

  private *writers(): Iterable<StreamWriter> {
    const seen = new Set<StreamWriter>();
    for (const { writer } of this.lanes.values()) {
      if (writer && !seen.has(writer)) yield writer;
      if (writer) seen.add(writer);
    }
  }

  private writerOf(plans: readonly StreamPlan[]): StreamWriter {
    if (this.ended) throw new Error('the attempt is over');
    const { session, policy, context } = this.settings;
    return new StreamWriter(plans, {
      policy,
      clock: context.clock,
      open: () => session.writer(plans),
      onCommit: (stream, rows) =>
        this.tell({ type: 'checkpoint', stream: this.progress(this.lanes.get(stream)!), rows }),
      onFailure: (error) => this.destinationHasFailed(error, plans),
      warn: (message) => this.log('WARN', message),
    });
  }

  private alone(lane: Lane): StreamWriter {
    const { key, stream } = lane.plan;
    if (lane.writer ? lane.writer === this.group : this.settings.together.has(key))
      throw new ConnectorError('system', `The source sent '${stream.name}' alone, which goes on together with others.`);
    lane.writer ??= this.writerOf([lane.plan]);
    return lane.writer;
  }

  /** Of the streams that go on together; where the source did not say which, of all that do not go on alone. */
  private groupWriter(): StreamWriter {
    if (this.group) return this.group;
    const { together } = this.settings;
    const lanes = [...this.lanes.values()].filter(
      (lane) => !lane.writer && (together.size === 0 || together.has(lane.plan.key)),
    );
    this.group = this.writerOf(lanes.map(({ plan }) => plan));
    for (const lane of lanes) lane.writer = this.group;
    return this.group;
  }

  private together(stream: StreamDescriptor): string {
    const lane = this.lane(stream);
    if (lane.writer === this.group) return lane.plan.key;
    throw new ConnectorError(
      'system',
      `The source sent a state for several streams that has a part for '${stream.name}', which goes on alone.`,
    );
  }

  private get isStopping(): boolean {
    return this.settings.context.signal.aborted || this.destinationFailed;
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

  private waited(done: void | Promise<void>): void | Promise<void> {
    this.settings.heartbeat.beat();
    return done && this.settings.heartbeat.during(done);
  }

  private destinationHasFailed(error: unknown, plans: readonly StreamPlan[]): void {
    if (this.destinationFailed) return;
    this.destinationFailed = true;
    // Left behind by a stop: that is what was asked for.
    if (!(error instanceof SyncStopped))
      this.errors.unshift(ConnectorError.from(error, plans.length === 1 ? plans[0]!.stream.name : undefined));
    this.abort.abort();
  }

  private tellProgress(lane: Lane): void {
    const now = this.settings.context.clock();
    if (now - lane.told < PROGRESS_MS && now >= lane.told) return;
    lane.told = now;
    this.tell({ type: 'progress', stream: this.progress(lane) });
  }

  private progress({ plan, writer, status, started, ended, estimate }: Lane): StreamProgress {
    const counts = writer?.countsOf(plan.key);
    const { records, pages, bytes, committed, checkpoints } = counts ?? NOTHING;
    const now = this.settings.context.clock();
    const elapsedSeconds = started === undefined ? 0 : Math.max(0, (ended ?? now) - started) / 1000;
    const rate = elapsedSeconds > 0 ? records / elapsedSeconds : 0;
    const { stream, rowsBefore, resumed } = plan;
    const resumedFrom = resumed ? positionInWords(plan.state) : undefined;
    const told = { stream, status, records, pages, bytes, committed, checkpoints, rowsBefore, resumed };
    return { ...told, estimatedRows: estimate?.rows, resumedFrom, rate, elapsedSeconds };
  }

  private tell(event: SyncEvent): void {
    this.settings.tell(event);
  }
}

const NOTHING_CAME_BACK = { rows: 0, checkpoints: 0, complete: false, state: undefined };
const NOTHING = { records: 0, pages: 0, bytes: 0, committed: 0, checkpoints: 0 };

function coveringOf({ shared, streams }: GlobalState): Covering {
  return { shared, states: new Map(streams.map(({ stream, state }) => [streamKey(stream), state])) };
}
