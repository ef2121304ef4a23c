import {
  type JsonObject,
  type LogLevel,
  type StreamDescriptor,
  type StreamStatus,
  streamKey,
  stringify,
} from '@tidemark/protocol';
import {
  attachedFile,
  type ConnectorError,
  changesOf,
  type GlobalState,
  type RecordData,
  type RecordLines,
  type Sink,
  type StreamEstimate,
  type StreamOutcome,
  type StreamPage,
  type Unit,
  WHOLE_STREAM,
} from '@tidemark/source';
import type { MessageOutput } from './message-output.js';
import { StatePace } from './state-pace.js';

/** What the sink keeps of one stream. */
interface StreamOutput {
  readonly before: string;
  readonly stateBefore: string;
  readonly pace: StatePace;
  recordsSinceState: number;
}

/** Standard output as the place where a read goes: a page at a time. */
export class ProtocolSink implements Sink {
  private readonly streams = new Map<string, StreamOutput>();
  /** Of the streams that one state covers. */
  private readonly global = { pace: new StatePace(), recordsSinceState: 0 };

  constructor(private readonly output: MessageOutput) {}

  page(stream: StreamDescriptor, _unit: Unit, records: RecordData[], state?: () => JsonObject): void | Promise<void> {
    const kept = this.of(stream);
    const after = `,"emitted_at":${this.output.clock()}}}\n`;
    let text = '';
    for (const record of records) text += kept.before + stringify(record) + metaOf(record) + fileOf(record) + after;
    kept.recordsSinceState += records.length;
    // Counted before the question whether there can be a state: pages of a streamed response count for the next one.
    const due = kept.pace.isDue(text.length);
    if (state && due) text += this.state(kept, state());
    if (text !== '') return this.output.lines.write(text);
  }

  async lines(stream: StreamDescriptor, _unit: Unit, lines: RecordLines, state?: () => JsonObject): Promise<void> {
    const kept = this.of(stream);
    let bytes = 0;
    for (const piece of lines.write(kept.before, `,"emitted_at":${this.output.clock()}}}\n`)) {
      bytes += piece.length;
      await this.output.lines.writeBytes(piece);
    }
    kept.recordsSinceState += lines.count;
    const due = kept.pace.isDue(bytes);
    if (state && due) await this.output.lines.write(this.state(kept, state()));
  }

  pagesTogether(pages: readonly StreamPage[], state?: () => GlobalState): void | Promise<void> {
    const after = `,"emitted_at":${this.output.clock()}}}\n`;
    const { global } = this;
    let text = '';
    for (const { stream, records } of pages) {
      const { before } = this.of(stream);
      for (const record of records) text += before + stringify(record) + metaOf(record) + fileOf(record) + after;
      global.recordsSinceState += records.length;
    }
    const due = global.pace.isDue(text.length);
    if (state && due) text += this.globalState(state());
    if (text !== '') return this.output.lines.write(text);
  }

  finalTogether(state: GlobalState): void | Promise<void> {
    return this.output.lines.write(this.globalState(state));
  }

  finalState(stream: StreamDescriptor, state: JsonObject, _outcome: StreamOutcome): void | Promise<void> {
    return this.output.lines.write(this.state(this.of(stream), state));
  }

  restart(stream: StreamDescriptor, unit: Unit, reason: string): void {
    this.output.log('WARN', `Stream ${stream.name}: ${named(unit)} begins anew: ${reason}`);
  }

  estimate(stream: StreamDescriptor, { rows, bytes }: StreamEstimate): void | Promise<void> {
    const amounts = {
      ...(rows === undefined ? {} : { row_estimate: rows }),
      ...(bytes === undefined ? {} : { byte_estimate: bytes }),
    };
    return this.output.message({
      type: 'TRACE',
      trace: {
        type: 'ESTIMATE',
        emitted_at: this.output.clock(),
        estimate: { ...plain(stream), type: 'STREAM', ...amounts },
      },
    });
  }

  status(stream: StreamDescriptor, status: StreamStatus): void | Promise<void> {
    return this.output.message({
      type: 'TRACE',
      trace: {
        type: 'STREAM_STATUS',
        emitted_at: this.output.clock(),
        stream_status: { stream_descriptor: plain(stream), status },
      },
    });
  }

  error(error: ConnectorError, stream?: StreamDescriptor): void | Promise<void> {
    return this.output.error(error, stream?.namespace ?? undefined);
  }

  log(level: LogLevel, message: string): void {
    this.output.log(level, message);
  }

  private state(kept: StreamOutput, state: JsonObject): string {
    const text = stringify(state);
    kept.pace.sent(text.length);
    const line = `${kept.stateBefore}${text}},"sourceStats":{"recordCount":${kept.recordsSinceState}}}}\n`;
    kept.recordsSinceState = 0;
    return line;
  }

  private globalState({ shared, streams }: GlobalState): string {
    const { global } = this;
    const stream_states = streams.map(({ stream, state }) => ({
      stream_descriptor: plain(stream),
      stream_state: state,
    }));
    const text = stringify({ shared_state: shared, stream_states });
    global.pace.sent(text.length);
    const line = `{"type":"STATE","state":{"type":"GLOBAL","global":${text},"sourceStats":{"recordCount":${global.recordsSinceState}}}}\n`;
    global.recordsSinceState = 0;
    return line;
  }

  private of(stream: StreamDescriptor): StreamOutput {
    const key = streamKey(stream);
    let kept = this.streams.get(key);
    if (!kept) {
      const namespace = stream.namespace ? `,"namespace":${JSON.stringify(stream.namespace)}` : '';
      kept = {
        before: `{"type":"RECORD","record":{"stream":${JSON.stringify(stream.name)}${namespace},"data":`,
        stateBefore: `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":${JSON.stringify(plain(stream))},"stream_state":`,
        pace: new StatePace(),
        recordsSinceState: 0,
      };
      this.streams.set(key, kept);
    }
    return kept;
  }
}

/** What the source had to change in the record, as one more field of the message. */
function metaOf(record: RecordData): string {
  const changes = changesOf(record);
  return changes ? `,"meta":{"changes":${JSON.stringify(changes)}}` : '';
}

/** The file that belongs to the record, as one more field of the message. */
function fileOf(record: RecordData): string {
  const file = attachedFile(record);
  return file ? `,"file_reference":${JSON.stringify(file)}` : '';
}

function plain(stream: StreamDescriptor): StreamDescriptor {
  return stream.namespace ? { name: stream.name, namespace: stream.namespace } : { name: stream.name };
}

function named(unit: Unit): string {
  if (unit.id === WHOLE_STREAM) return 'all of it';
  return Object.keys(unit.partition).length > 0 ? `partition ${stringify(unit.partition)}` : 'reading';
}
