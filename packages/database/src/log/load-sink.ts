import { type JsonObject, type LogLevel, type StreamDescriptor, streamKey } from '@tidemark/protocol';
import type { ConnectorError, GlobalState, RecordData, Sink, StreamEstimate, Unit } from '@tidemark/source';

/** What a load's pages go through. */
export interface LoadSinkOptions {
  readonly outer: Sink;
  /** Sets the log's columns on the records of a page. */
  readonly prepare: (records: RecordData[]) => void;
  /** The sink is about to have a page of this stream, and all that its state covers. */
  readonly handOver: (key: string, state: JsonObject | undefined) => void;
  readonly global: () => GlobalState;
  /** Streams whose estimate the outer sink has: a load comes in pieces, and each would say it again. */
  readonly estimated: Set<string>;
  /** The stream of this key (`streamKey`) has failed: tables of one name in two schemas are two streams. */
  readonly failed: (key: string, error: ConnectorError) => void;
}

/**
 * Takes the pages of several streams that are loaded beside each other and hands them on one at a time, each with the state
 * of all of them. The state of a stream is taken when its page comes, not later: other pages of it may wait behind it.
 */
export class LoadSink implements Sink {
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: LoadSinkOptions) {}

  page(stream: StreamDescriptor, unit: Unit, records: RecordData[], state?: () => JsonObject): Promise<void> {
    const { outer, prepare, handOver, global } = this.options;
    const covering = state?.();
    prepare(records);
    return this.inTurn(async () => {
      handOver(streamKey(stream), covering);
      await outer.pagesTogether!([{ stream, unit, records }], covering === undefined ? undefined : global);
    });
  }

  finalState(stream: StreamDescriptor, state: JsonObject): Promise<void> {
    const { outer, handOver, global } = this.options;
    return this.inTurn(async () => {
      handOver(streamKey(stream), state);
      await outer.pagesTogether!([], global);
    });
  }

  restart(stream: StreamDescriptor, unit: Unit, reason: string): Promise<void> {
    return this.inTurn(async () => {
      await this.options.outer.restart(stream, unit, reason);
    });
  }

  async estimate(stream: StreamDescriptor, estimate: StreamEstimate): Promise<void> {
    const { outer, estimated } = this.options;
    const key = streamKey(stream);
    if (estimated.has(key)) return;
    estimated.add(key);
    await this.inTurn(async () => {
      await outer.estimate?.(stream, estimate);
    });
  }

  /** The streams go on after their load: what they are is said by whoever reads them all. */
  status(): void {}

  error(error: ConnectorError, stream?: StreamDescriptor): void {
    if (stream) this.options.failed(streamKey(stream), error);
  }

  log(level: LogLevel, message: string): void {
    this.options.outer.log(level, message);
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.turn.then(step);
    this.turn = done.catch(() => undefined);
    return done;
  }
}
