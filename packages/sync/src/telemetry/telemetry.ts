import type * as OpenTelemetry from '@opentelemetry/api';
import { streamKey } from '@tidemark/protocol';
import type { SyncEnd, SyncObserver } from '../observe.js';
import type { StreamProgress, SyncEvent } from '../progress.js';
import type { SyncResult } from '../result.js';
import { SyncStopped } from '../stop-deadline.js';
import { type Instruments, instruments } from './instruments.js';

/** What is measured, and with what. The library is passed in: without telemetry nobody loads it. */
export interface TelemetryOptions {
  api: typeof OpenTelemetry;
  tracer: OpenTelemetry.Tracer;
  meter: OpenTelemetry.Meter;
  connection: string;
  /** The destination's name, without secrets. */
  destination: string;
  /** Takes secrets out of a text. */
  redact?: (text: string) => string;
  /** Milliseconds since the epoch. */
  clock?: () => number;
  /**
   * Gives out what is still to be given out; called by `close`. `stopped`: the sync was told to stop, so little time is left:
   * `ms`, where that is known.
   */
  flush?: (stopped: boolean, ms?: number) => Promise<void>;
}

/** A stream has no more checkpoint spans than this in one attempt; the others are counted only. */
const CHECKPOINT_SPANS_MAX = 1_000;

/** Makes traces (sync, attempts, streams, checkpoints) and metrics of what a sync does. */
export function telemetry(options: TelemetryOptions): SyncObserver {
  return new Telemetry(options);
}

interface Lane {
  span: OpenTelemetry.Span;
  context: OpenTelemetry.Context;
  attributes: OpenTelemetry.Attributes;
  /** When the last checkpoint was, in milliseconds since the epoch. */
  mark: number;
  records: number;
  bytes: number;
  checkpoints: number;
}

class Telemetry implements SyncObserver {
  private readonly root: OpenTelemetry.Span;
  private readonly context: OpenTelemetry.Context;
  private readonly metrics: Instruments;
  private readonly about: OpenTelemetry.Attributes;
  private readonly redact: (text: string) => string;
  private readonly clock: () => number;
  private readonly begun: number;
  private attempt: { span: OpenTelemetry.Span; context: OpenTelemetry.Context } | undefined;
  private readonly lanes = new Map<string, Lane>();
  private stopped = false;

  constructor(private readonly options: TelemetryOptions) {
    const { api, tracer, meter, connection, destination } = options;
    this.redact = options.redact ?? ((text) => text);
    this.clock = options.clock ?? Date.now;
    this.about = { 'tidemark.connection': connection };
    this.metrics = instruments(meter);
    this.begun = this.clock();
    const attributes = { ...this.about, 'tidemark.destination': this.redact(destination) };
    this.root = tracer.startSpan('tidemark.sync', { attributes, startTime: this.begun }, api.ROOT_CONTEXT);
    this.context = api.trace.setSpan(api.ROOT_CONTEXT, this.root);
  }

  event(event: SyncEvent): void {
    switch (event.type) {
      case 'start':
        this.startAttempt(event);
        break;
      case 'progress':
        this.progress(event.stream);
        break;
      case 'checkpoint':
        this.checkpoint(event.stream, event.rows);
        break;
      case 'stream':
        this.endStream(event.stream);
        break;
      case 'schema':
        for (const { stream, change, column } of event.changes) {
          const attributes = { 'tidemark.stream': stream.name, 'tidemark.change': change, 'tidemark.column': column };
          this.root.addEvent('tidemark.schema_change', attributes, this.clock());
        }
        break;
      case 'attempt':
        this.endAttempt(event.result);
        break;
      case 'wait':
        this.metrics.retries.add(1, this.about);
        this.root.addEvent('tidemark.wait', { 'tidemark.seconds': event.seconds }, this.clock());
    }
  }

  over({ result, error }: SyncEnd): void {
    const now = this.clock();
    const outcome = result?.outcome ?? (error instanceof SyncStopped ? 'stopped' : 'failed');
    this.stopped = outcome === 'stopped';
    this.closeLanes(now);
    this.attempt?.span.end(now);
    this.root.setAttribute('tidemark.outcome', outcome);
    if (result) this.root.setAttributes({ 'tidemark.job': result.jobId, 'tidemark.rows': result.rows });
    const failure = error ?? result?.errors[0];
    if (failure && outcome !== 'complete') this.fail(this.root, failure.message);
    this.root.end(now);
    this.metrics.duration.record((now - this.begun) / 1000, { ...this.about, 'tidemark.outcome': outcome });
  }

  async close(ms?: number): Promise<void> {
    await this.options.flush?.(this.stopped, ms);
  }

  private startAttempt({ attempt, jobId }: Extract<SyncEvent, { type: 'start' }>): void {
    const { api, tracer } = this.options;
    const now = this.clock();
    this.closeLanes(now);
    this.attempt?.span.end(now);
    const attributes = { ...this.about, 'tidemark.job': jobId, 'tidemark.attempt': attempt };
    const span = tracer.startSpan('tidemark.attempt', { attributes, startTime: now }, this.context);
    this.attempt = { span, context: api.trace.setSpan(this.context, span) };
  }

  private endAttempt(result: SyncResult): void {
    const now = this.clock();
    this.closeLanes(now);
    const own = result.attempts.at(-1);
    const outcome = own?.outcome ?? result.outcome;
    this.metrics.attempts.add(1, { ...this.about, 'tidemark.outcome': outcome });
    if (!this.attempt) return;
    const { span } = this.attempt;
    span.setAttributes({ 'tidemark.outcome': outcome, 'tidemark.rows': own?.rows ?? result.rows });
    const [error] = own?.errors ?? result.errors;
    if (error && outcome !== 'complete') this.fail(span, error.message);
    span.end(now);
    this.attempt = undefined;
  }

  private lane(progress: StreamProgress): Lane {
    const key = streamKey(progress.stream);
    const known = this.lanes.get(key);
    if (known) return known;
    const { api, tracer } = this.options;
    const { name, namespace } = progress.stream;
    const attributes = {
      ...this.about,
      'tidemark.stream': name,
      ...(namespace ? { 'tidemark.namespace': namespace } : {}),
    };
    const now = this.clock();
    const startTime = now - progress.elapsedSeconds * 1000;
    const parent = this.attempt?.context ?? this.context;
    const span = tracer.startSpan('tidemark.stream', { attributes, startTime }, parent);
    if (progress.resumedFrom !== undefined)
      span.setAttribute('tidemark.resumed_from', this.redact(progress.resumedFrom));
    const context = api.trace.setSpan(parent, span);
    const lane = { span, context, attributes, mark: startTime, records: 0, bytes: 0, checkpoints: 0 };
    this.lanes.set(key, lane);
    return lane;
  }

  /** Counts what came since the last event of the stream. */
  private progress(progress: StreamProgress): void {
    const lane = this.lane(progress);
    this.metrics.records.add(Math.max(0, progress.records - lane.records), lane.attributes);
    this.metrics.bytes.add(Math.max(0, progress.bytes - lane.bytes), lane.attributes);
    lane.records = progress.records;
    lane.bytes = progress.bytes;
  }

  private checkpoint(progress: StreamProgress, rows: number): void {
    this.progress(progress);
    const lane = this.lane(progress);
    const now = this.clock();
    this.metrics.rows.add(rows, lane.attributes);
    this.metrics.checkpoints.add(1, lane.attributes);
    lane.checkpoints++;
    if (lane.checkpoints <= CHECKPOINT_SPANS_MAX) {
      const attributes = { ...lane.attributes, 'tidemark.rows': rows };
      this.options.tracer.startSpan('tidemark.checkpoint', { attributes, startTime: lane.mark }, lane.context).end(now);
    }
    lane.mark = now;
  }

  private endStream(progress: StreamProgress): void {
    this.progress(progress);
    const lane = this.lane(progress);
    const now = this.clock();
    const { status, committed } = progress;
    lane.span.setAttributes({ 'tidemark.outcome': status, 'tidemark.rows': committed });
    if (status === 'failed') this.fail(lane.span, `stream ${progress.stream.name} has failed`);
    const attributes = { ...lane.attributes, 'tidemark.outcome': status };
    this.metrics.streamDuration.record(progress.elapsedSeconds, attributes);
    this.endLane(lane, now);
    this.lanes.delete(streamKey(progress.stream));
  }

  private closeLanes(now: number): void {
    for (const lane of this.lanes.values()) this.endLane(lane, now);
    this.lanes.clear();
  }

  private endLane({ span, checkpoints }: Lane, now: number): void {
    span.setAttribute('tidemark.checkpoints', checkpoints);
    span.end(now);
  }

  private fail(span: OpenTelemetry.Span, message: string): void {
    span.setStatus({ code: this.options.api.SpanStatusCode.ERROR, message: this.redact(message) });
  }
}
