import {
  type GlobalStateMessage,
  type JsonObject,
  type Message,
  type RecordMessage,
  type StateMessage,
  type StreamDescriptor,
  type StreamStateMessage,
  streamKey,
  type TraceMessage,
} from '@tidemark/protocol';
import {
  ConnectorError,
  type GlobalState,
  type ReadResult,
  type ReadSettings,
  type StreamOutcome,
  type StreamPage,
} from '@tidemark/source';
import { levelOf } from './ask.js';
import { streamEstimate } from './estimate.js';
import { miscount, StreamIntake } from './intake.js';
import type { Line } from './lines.js';
import { errorOf, isObject, type NoMessage, parseMessage } from './message.js';
import type { UnparsableLines } from './unparsable.js';

/** Of all streams together no more than this waits for its page to be full. */
const WAITING_BYTES_MAX = 16 << 20;

/** How the messages are to be taken. */
export interface ReadingRules {
  /** One state covers all streams; unknown: its first state says it. */
  isGlobal: boolean | undefined;
  /** What is believed when records come for long and no state. */
  isLikelyGlobal: boolean;
  compareCounts: boolean;
  name: string;
  unparsable: UnparsableLines;
  /** Milliseconds since the epoch. */
  clock: () => number;
  keepConfig: (config: JsonObject) => void;
}

/** What a program says while it reads, handed on to the sink in the order in which it came. */
export class Reading {
  private readonly streams = new Map<string, StreamIntake>();
  private readonly errors: ConnectorError[] = [];
  /** Errors that name no stream of the catalog. */
  private readonly general: ConnectorError[] = [];
  private waitingBytes = 0;
  private global: GlobalState | undefined;
  private excused = 0;
  /** It says how its streams stand: then one of which it does not say COMPLETE is not complete. */
  private tellsStatuses = false;
  /** Until it is known, records are kept: nothing can be handed on without knowing which state will cover it. */
  private isGlobal: boolean | undefined;

  constructor(
    private readonly settings: ReadSettings,
    private readonly rules: ReadingRules,
  ) {
    this.isGlobal = rules.isGlobal;
    for (const { stream } of settings.catalog.streams) {
      const key = streamKey(stream);
      const descriptor = { name: stream.name, namespace: stream.namespace ?? undefined };
      this.streams.set(key, new StreamIntake(key, descriptor, settings.states.get(key)));
    }
  }

  /** Every stream has failed: the rest is not worth reading. */
  get isHopeless(): boolean {
    for (const stream of this.streams.values()) if (!stream.failure) return false;
    return true;
  }

  /** Takes lines in. Settles when the sink has room for more. Throws ConnectorError when nothing can go on. */
  async take(lines: Line[]): Promise<void> {
    while (lines.length > 0) {
      const waits = this.takeLine(lines.shift()!);
      if (waits) await waits;
    }
  }

  /** Not async: a line that is dealt with is let go of, because it may be large and the sink slow. */
  private takeLine(line: Line): void | Promise<void> {
    const message = parseMessage(line);
    if (message === undefined) return;
    if (message.type === 'unparsable') return this.unparsable(line, message);
    return message.type === 'RECORD' ? this.record(message.record, line.bytes) : this.other(message);
  }

  private async unparsable(line: Line, why: NoMessage): Promise<void> {
    const { unparsable } = this.rules;
    await unparsable.take(line, why);
    this.settings.sink.unparsable?.(unparsable.count, unparsable.quarantine);
    if (!why.isPlainText) this.excused++;
  }

  /** The program has ended; `error` says what was wrong with how. Every stream is told its end. */
  async end(error: ConnectorError | undefined, isStopped: boolean): Promise<void> {
    if (this.isGlobal === undefined) await this.decide(false).catch(() => undefined);
    // Whoever is told to stop may well call that an error.
    const reason = isStopped ? error : (this.general[0] ?? error);
    const open = [...this.streams.values()].filter((stream) => stream.outcome === undefined);
    if (reason && open.length === 0)
      this.settings.sink.log('WARN', `After all streams were complete: ${reason.message}`);
    const outcomes = new Map<string, StreamOutcome>();
    for (const stream of open) {
      stream.failure ??= stream.reported;
      const isOpen = stream.isIncomplete || (this.tellsStatuses && !stream.isSaidComplete);
      // It got to its end, and only waited for a state that may come and did not.
      const isRead = stream.isSaidComplete && stream.state === undefined && !this.isGlobal;
      const isShort = (reason !== undefined && !isRead) || (isOpen && !isStopped);
      if (isShort) stream.failure ??= failureOf(stream, reason, this.rules.name);
      outcomes.set(stream.key, stream.failure ? 'failed' : isStopped && !isRead ? 'stopped' : 'complete');
    }
    if (this.isGlobal && open.length > 0) await this.finishTogether(outcomes);
    else for (const stream of open) await this.finish(stream, outcomes.get(stream.key)!);
  }

  result(): ReadResult {
    const outcomes = new Map([...this.streams].map(([key, { outcome }]) => [key, outcome ?? 'stopped'] as const));
    const { count, quarantine } = this.rules.unparsable;
    return { outcomes, errors: this.errors, ...(count > 0 ? { unparsable: { lines: count, file: quarantine } } : {}) };
  }

  private record(record: RecordMessage['record'], bytes: number): void | Promise<void> {
    const stream = this.stream(record);
    if (stream.failure) return;
    if (stream.outcome || (stream.isSaidComplete && this.isGlobal === false)) {
      throw new ConnectorError(
        'system',
        `${this.rules.name} sent a record of the stream '${stream.stream.name}' after it had said that the stream was complete.`,
      );
    }
    const isFull = stream.add(record, bytes);
    this.waitingBytes += bytes;
    if (this.isGlobal === undefined) return this.wait(stream);
    if (isFull || !stream.isRunning) return this.handOn(stream);
    if (this.waitingBytes > WAITING_BYTES_MAX) return this.handOnAll();
  }

  /** Keeps a record until it is known which states the source has, or until it is too much to be kept. */
  private wait(stream: StreamIntake): void | Promise<void> {
    if (this.waitingBytes > WAITING_BYTES_MAX) return this.decide(this.rules.isLikelyGlobal);
    if (!stream.isRunning) return this.run(stream);
  }

  private async decide(isGlobal: boolean): Promise<void> {
    this.isGlobal = isGlobal;
    await this.handOnAll();
  }

  private async other(message: Exclude<Message, RecordMessage>): Promise<void> {
    if (message.type === 'STATE') await this.state(message);
    else if (message.type === 'TRACE') await this.trace(message.trace);
    else if (message.type === 'LOG') this.settings.sink.log(levelOf(message.log.level), String(message.log.message));
    else if (message.type === 'CONTROL') {
      const config = message.control.connectorConfig?.config;
      if (isObject(config)) this.rules.keepConfig(config);
    }
  }

  private stream(record: RecordMessage['record']): StreamIntake {
    const stream = this.streams.get(streamKey({ name: record.stream, namespace: record.namespace }));
    if (stream) return stream;
    throw new ConnectorError(
      'system',
      `${this.rules.name} sent a record of the stream '${record.stream}', which was not asked for.`,
    );
  }

  /** Nothing is lost with a word about a stream that nobody wants. */
  private known(descriptor: StreamDescriptor, what: string): StreamIntake | undefined {
    const stream = this.streams.get(streamKey(descriptor));
    if (!stream) {
      const { name } = this.rules;
      this.settings.sink.log('WARN', `${name} sent a ${what} of '${descriptor.name}', which was not asked for.`);
    }
    return stream;
  }

  private async begin(stream: StreamIntake): Promise<void> {
    if (stream.isStarted) return;
    stream.isStarted = true;
    await this.settings.sink.status(stream.stream, 'STARTED');
  }

  private async run(stream: StreamIntake): Promise<void> {
    stream.isRunning = true;
    await this.begin(stream);
    await this.settings.sink.status(stream.stream, 'RUNNING');
  }

  private async handOn(stream: StreamIntake, state?: () => JsonObject): Promise<void> {
    const { sink } = this.settings;
    const page = await this.taken(stream);
    if (this.isGlobal) {
      stream.isUncovered = true;
      await sink.pagesTogether?.([page]);
    } else await sink.page(page.stream, page.unit, page.records, state, page.extractedAt);
  }

  /** What waits of a stream, after the sink was told that the stream is under way. */
  private async taken(stream: StreamIntake): Promise<StreamPage> {
    await this.begin(stream);
    if (!stream.isRunning && stream.records.length > 0) await this.run(stream);
    this.waitingBytes -= stream.bytes;
    return stream.take(this.rules.clock());
  }

  private async handOnAll(): Promise<void> {
    for (const stream of this.streams.values()) if (stream.records.length > 0) await this.handOn(stream);
  }

  private async state({ state }: StateMessage): Promise<void> {
    const type = (state as { type?: string | null }).type ?? 'LEGACY';
    if (type === 'STREAM') return this.streamState(state as StreamStateMessage);
    if (type === 'GLOBAL') return this.globalState(state as GlobalStateMessage);
    throw new ConnectorError(
      'config',
      `${this.rules.name} sends states of type ${type}, the protocol's old form that names no stream, so it cannot be said what they cover. Use a newer version of this source.`,
    );
  }

  private async streamState(state: StreamStateMessage): Promise<void> {
    if (this.isGlobal === undefined) await this.decide(false);
    if (this.isGlobal) throw otherStates(this.rules.name, 'stream');
    const stream = this.known(state.stream.stream_descriptor, 'state');
    if (!stream) return;
    const content = state.stream.stream_state ?? {};
    if (stream.failure) return;
    if (stream.outcome) {
      this.settings.sink.log('DEBUG', `A state of ${stream.stream.name} came after its end and is not needed.`);
      return;
    }
    const wrong = this.rules.compareCounts
      ? miscount(state, stream.sinceState, `Stream '${stream.stream.name}'`, this.excused)
      : undefined;
    stream.sinceState = 0;
    this.excused = 0;
    if (wrong) return this.fail(stream, wrong);
    stream.state = content;
    await this.handOn(stream, () => content);
    if (stream.isSaidComplete) await this.finish(stream, 'complete');
  }

  private async globalState(state: GlobalStateMessage): Promise<void> {
    this.isGlobal ??= true;
    if (!this.isGlobal) throw otherStates(this.rules.name, 'global');
    const all = [...this.streams.values()];
    const came = all.reduce((sum, stream) => sum + stream.sinceState, 0);
    const wrong = this.rules.compareCounts ? miscount(state, came, 'All streams together', this.excused) : undefined;
    if (wrong) throw wrong;
    this.excused = 0;
    for (const stream of all) stream.sinceState = 0;
    const { shared_state: shared, stream_states: states } = state.global;
    const streams = (states ?? []).map(({ stream_descriptor: { name, namespace }, stream_state: own }) => ({
      stream: { name, namespace: namespace ?? undefined },
      state: own ?? {},
    }));
    const global = { shared: shared ?? {}, streams };
    this.global = global;
    const pages: StreamPage[] = [];
    for (const stream of all) {
      // Also an empty page says that what came before it is covered.
      if (stream.records.length === 0 && !stream.isUncovered) continue;
      stream.isUncovered = false;
      pages.push(await this.taken(stream));
    }
    await this.settings.sink.pagesTogether?.(pages, () => global);
  }

  private async trace(trace: TraceMessage['trace']): Promise<void> {
    if (trace.type === 'ERROR') {
      const error = errorOf(trace);
      const named = trace.error.stream_descriptor ?? undefined;
      const stream = named && this.streams.get(streamKey(named));
      if (!stream) this.general.push(error);
      else stream.reported ??= error;
    } else if (trace.type === 'STREAM_STATUS') {
      const stream = this.known(trace.stream_status.stream_descriptor, 'status');
      if (stream) await this.status(stream, trace.stream_status);
    } else if (trace.type === 'ESTIMATE') {
      const told = streamEstimate(trace.estimate);
      const stream = told && this.streams.get(streamKey(told.stream));
      if (stream) await this.settings.sink.estimate?.(stream.stream, told.estimate);
      else this.settings.sink.log('DEBUG', `Estimate of ${this.rules.name}: ${JSON.stringify(trace.estimate, bare)}`);
    }
  }

  private async status(
    stream: StreamIntake,
    { status, reasons }: Extract<TraceMessage['trace'], { type: 'STREAM_STATUS' }>['stream_status'],
  ): Promise<void> {
    if (stream.outcome) return;
    if (status !== 'INCOMPLETE') this.tellsStatuses = true;
    await this.begin(stream);
    for (const reason of reasons ?? []) {
      if (reason?.type === 'RATE_LIMITED')
        this.settings.sink.log('INFO', `Stream ${stream.stream.name}: the API asks to wait (rate limited).`);
    }
    if (status === 'INCOMPLETE') stream.isIncomplete = true;
    if (status === 'COMPLETE') stream.isSaidComplete = true;
    // A state that covers the rest may still come, at the latest before the program ends.
    if (status !== 'COMPLETE' || stream.failure || stream.reported || this.isGlobal) return;
    if (this.isGlobal === undefined) {
      if (this.rules.isLikelyGlobal) return;
      await this.decide(false);
    }
    if (stream.sinceState === 0 && stream.state !== undefined) await this.finish(stream, 'complete');
  }

  private fail(stream: StreamIntake, error: ConnectorError): void {
    stream.failure = error;
    this.waitingBytes -= stream.bytes;
    stream.take(0);
  }

  /** The end of one stream. A state that the sink refuses makes it a failed one. */
  private async finish(stream: StreamIntake, outcome: StreamOutcome): Promise<void> {
    const { sink } = this.settings;
    stream.outcome = outcome;
    try {
      if (!stream.failure) await this.handOn(stream);
      // A source without states has nothing to go on from; what another run has left is nothing that this run has said.
      const state = stream.state ?? (outcome === 'complete' ? (stream.before ?? {}) : undefined);
      if (state) await sink.finalState(stream.stream, state, outcome);
    } catch (error) {
      stream.failure ??= ConnectorError.from(error, stream.stream.name);
    }
    await this.tellEnd(stream);
  }

  private async finishTogether(outcomes: ReadonlyMap<string, StreamOutcome>): Promise<void> {
    const { sink, states, shared } = this.settings;
    const streams = [...this.streams.values()];
    const before = streams.flatMap(({ key, stream }) => (states.has(key) ? [{ stream, state: states.get(key)! }] : []));
    const failure = streams.find((stream) => stream.failure)?.failure;
    try {
      if (!failure) await this.handOnAll();
      for (const stream of streams) await this.begin(stream);
      const isComplete = [...outcomes.values()].every((outcome) => outcome === 'complete');
      const global = this.global ?? (isComplete ? { shared: shared ?? {}, streams: before } : undefined);
      if (global) await sink.finalTogether?.(global, outcomes);
    } catch (error) {
      for (const stream of streams) stream.failure ??= ConnectorError.from(error, stream.stream.name);
    }
    for (const stream of streams) {
      stream.outcome = outcomes.get(stream.key) ?? 'stopped';
      await this.tellEnd(stream);
    }
  }

  private async tellEnd(stream: StreamIntake): Promise<void> {
    const { sink } = this.settings;
    await this.begin(stream);
    if (stream.failure) {
      stream.outcome = 'failed';
      stream.failure.stream ??= stream.stream.name;
      this.errors.push(stream.failure);
      await sink.error(stream.failure, stream.stream);
    }
    await sink.status(stream.stream, stream.outcome === 'complete' ? 'COMPLETE' : 'INCOMPLETE');
  }
}

function otherStates(name: string, met: 'stream' | 'global'): ConnectorError {
  const what = met === 'global' ? 'one state for all streams together (GLOBAL)' : 'a state for each stream (STREAM)';
  return new ConnectorError('config', `${name} sends ${what}. Set 'states: ${met}' for this source.`);
}

/** Each stream's own error: it is told with the stream's name. */
function failureOf(stream: StreamIntake, reason: ConnectorError | undefined, name: string): ConnectorError {
  if (!reason) {
    const what = stream.isIncomplete ? 'did not read' : 'ended without saying COMPLETE: it may not have read';
    return new ConnectorError(
      'system',
      `${name} ${what} the stream '${stream.stream.name}' to its end, and does not say why.`,
    );
  }
  const { kind, message, detail } = reason;
  return new ConnectorError(kind, message, { detail, stream: stream.stream.name, cause: reason });
}

const bare = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
