import { type ConfiguredCatalog, type JsonObject, parseJson, streamKey, stringify } from '@tidemark/protocol';
import { type Connection, discover, type GlobalState, type RecordData, read, type Sink } from '@tidemark/source';

/** One thing that a reading of the log sent. */
export type LogSent =
  | { kind: 'record'; stream: string; record: RecordData }
  | { kind: 'state'; state: GlobalState }
  | { kind: 'restart'; stream: string };

/** What a reading of streams that go on together sent until it ended or was killed. */
export interface LogTranscript {
  sent: LogSent[];
  outcomes: Record<string, string>;
  errors: string[];
  /** The kinds of the errors. */
  kinds?: string[];
}

/** How it is read. */
export interface LogReadOptions {
  after?: LogTranscript;
  killAfter?: number;
  streams?: string[];
  without?: string;
  /** Runs, and is waited for, when rows have come. */
  onChanges?: () => void | Promise<void>;
  /** What the sink says that it has stored, at any moment, of the states that it was given. */
  stored?: (states: GlobalState[]) => GlobalState | undefined;
}

class Killed extends Error {}

/** Reads a connection that follows a log; `killAfter` ends it as SIGKILL would, after that many messages. */
export async function readLog(connection: Connection, options: LogReadOptions = {}): Promise<LogTranscript> {
  const sent: LogSent[] = [];
  const stop = new AbortController();
  const killAfter = options.killAfter ?? Number.POSITIVE_INFINITY;
  const send = (message: LogSent): void => {
    if (sent.length >= killAfter) {
      stop.abort();
      throw new Killed();
    }
    sent.push(message);
  };
  const copy = (state: GlobalState): GlobalState => parseJson(stringify(state)) as unknown as GlobalState;
  const sink: Sink = {
    async pagesTogether(pages, state) {
      for (const { stream, records } of pages)
        for (const record of records) send({ kind: 'record', stream: stream.name, record });
      if (pages.length > 0) await options.onChanges?.();
      if (state) send({ kind: 'state', state: copy(state()) });
    },
    ...(options.stored ? { storedTogether: () => options.stored!(statesOf(sent))?.shared } : {}),
    finalTogether(state) {
      send({ kind: 'state', state: copy(state) });
    },
    restart({ name }) {
      send({ kind: 'restart', stream: name });
    },
    page() {
      throw new Error('a stream that goes on with others was read alone');
    },
    finalState() {},
    status() {},
    error() {},
    log() {},
  };
  const { streams } = await discover(connection);
  for (const { json_schema } of streams) delete (json_schema.properties as JsonObject)[options.without ?? ''];
  const catalog: ConfiguredCatalog = {
    streams: streams
      .filter(({ name }) => options.streams === undefined || options.streams.includes(name))
      .map((stream) => ({ stream, sync_mode: 'incremental', destination_sync_mode: 'append_dedup' })),
  };
  const last = options.after && lastState(options.after);
  const states = new Map<string, JsonObject>(
    (last?.streams ?? []).map(({ stream, state }) => [streamKey(stream), state]),
  );
  const result = await read({ connection, catalog, states, shared: last?.shared, sink, signal: stop.signal }).catch(
    (error) => {
      if (error instanceof Killed) return { outcomes: new Map<string, string>(), errors: [] };
      throw error;
    },
  );
  const errors = result.errors.filter((error) => !(error.cause instanceof Killed) && !(error instanceof Killed));
  return {
    sent,
    outcomes: Object.fromEntries([...result.outcomes].map(([key, outcome]) => [key.split('\0').at(-1), outcome])),
    errors: errors.map(({ message }) => message),
    kinds: errors.map(({ kind }) => kind),
  };
}

export function lastState({ sent }: LogTranscript): GlobalState | undefined {
  return statesOf(sent).at(-1);
}

function statesOf(sent: readonly LogSent[]): GlobalState[] {
  return sent.flatMap((message) => (message.kind === 'state' ? [message.state] : []));
}

/** What the last state covers of what was sent. */
export function covered({ sent }: LogTranscript): LogSent[] {
  return sent.slice(0, sent.map(({ kind }) => kind).lastIndexOf('state') + 1);
}

/** The table that a destination has that deduplicates by `id` and deletes: the row with the highest cursor, the later at a tie. */
export function table(sent: readonly LogSent[], stream: string, cursor: string): Map<unknown, RecordData> {
  const rows = new Map<unknown, RecordData>();
  for (const message of sent) {
    if (message.kind !== 'record' || message.stream !== stream) continue;
    const { record } = message;
    const before = rows.get(record.id);
    if (before && before[cursor]! > record[cursor]!) continue;
    rows.set(record.id, record);
  }
  for (const [id, record] of rows) if (record._ab_cdc_deleted_at) rows.delete(id);
  return rows;
}

/** The numbers `id` of that table, in order, where the stream has begun anew as a whole: all that was sent before is gone. */
export function copy(sent: readonly LogSent[], stream: string, cursor: string): number[] {
  const from = sent.findLastIndex((each) => each.kind === 'restart' && each.stream === stream);
  return [...table(sent.slice(from + 1), stream, cursor).keys()].map(Number).sort((a, b) => a - b);
}
