/**
 * The suite that every way of going on must pass: stop a read after each emitted message in turn, resume from the last state,
 * compare the union with the truth. Independent of a test runner: it throws an Error that says what went wrong.
 */
import { type JsonObject, parseJson, streamKey, stringify } from '@tidemark/protocol';
import { read } from './read.js';
import type { Sink, StreamOutcome } from './sink.js';
import type { Connection } from './source.js';
import type { RecordData, Stream } from './stream.js';

/** One thing that a read sent; `stream` is its `streamKey`: the name, with the namespace before it where there is one. */
export type Sent =
  | { kind: 'record'; stream: string; unit: string; record: RecordData }
  | { kind: 'state'; stream: string; state: JsonObject }
  | { kind: 'restart'; stream: string; unit: string };

/** What a read sent until it ended or was killed. */
export interface Transcript {
  sent: Sent[];
  outcomes: Map<string, StreamOutcome>;
  errors: Error[];
}

class Killed extends Error {}

/**
 * Reads streams in process, a state after every page. `killAfter` ends it as SIGKILL would: after that many messages nothing
 * more is kept, no final state either.
 */
export async function transcript(
  streams: readonly Stream[],
  options: {
    states?: ReadonlyMap<string, JsonObject>;
    concurrency?: number;
    killAfter?: number;
    signal?: AbortSignal;
    /** See `ReadSettings`. */
    remembersBoundary?: boolean;
  } = {},
): Promise<Transcript> {
  const sent: Sent[] = [];
  const killAfter = options.killAfter ?? Number.POSITIVE_INFINITY;
  const stop = new AbortController();
  const send = (message: Sent): void => {
    if (sent.length >= killAfter) {
      stop.abort();
      throw new Killed();
    }
    sent.push(message);
  };
  const sink: Sink = {
    page(descriptor, unit, records, state) {
      const stream = streamKey(descriptor);
      for (const record of records) send({ kind: 'record', stream, unit: unit.id, record });
      if (state) send({ kind: 'state', stream, state: copy(state()) });
    },
    finalState(descriptor, state) {
      send({ kind: 'state', stream: streamKey(descriptor), state: copy(state) });
    },
    restart(descriptor, unit) {
      send({ kind: 'restart', stream: streamKey(descriptor), unit: unit.id });
    },
    status() {},
    error() {},
    log() {},
  };
  const connection: Connection = {
    streams,
    concurrency: options.concurrency ?? 4,
    check: async () => ({ succeeded: true }),
    close: async () => {},
  };
  const catalog = { streams: await Promise.all(streams.map(async (stream) => configured(await stream.describe()))) };
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const states = options.states ?? new Map();
  const { remembersBoundary } = options;
  const result = await read({ connection, catalog, states, sink, signal, remembersBoundary });
  return { sent, outcomes: result.outcomes, errors: result.errors.filter((error) => !(error.cause instanceof Killed)) };
}

function configured(stream: Awaited<ReturnType<Stream['describe']>>) {
  const mode = stream.supported_sync_modes.includes('incremental')
    ? ('incremental' as const)
    : ('full_refresh' as const);
  return { stream, sync_mode: mode, destination_sync_mode: 'append' as const };
}

/** States as another process would read them. */
function copy(state: JsonObject): JsonObject {
  return parseJson(stringify(state)) as JsonObject;
}

/** The last state of each stream in what was sent. */
export function lastStates(sent: readonly Sent[]): Map<string, JsonObject> {
  const states = new Map<string, JsonObject>();
  for (const message of sent) if (message.kind === 'state') states.set(message.stream, message.state);
  return states;
}

/** What a destination with transactions holds: records up to the last state of their stream; restarted units taken back. */
export function committed(sent: readonly Sent[]): Sent[] {
  const last = new Map<string, number>();
  sent.forEach((message, index) => {
    if (message.kind === 'state') last.set(message.stream, index);
  });
  return sent.filter((message, index) => message.kind !== 'state' && index < (last.get(message.stream) ?? -1));
}

/** Rows that remain of records and restarts, in order. */
export function rows(messages: readonly Sent[]): { stream: string; unit: string; record: RecordData }[] {
  let kept: { stream: string; unit: string; record: RecordData }[] = [];
  for (const message of messages) {
    if (message.kind === 'record') kept.push(message);
    if (message.kind === 'restart')
      kept = kept.filter((row) => row.stream !== message.stream || row.unit !== message.unit);
  }
  return kept;
}

/** Records as sorted texts, to compare multisets. */
export function multiset(of: readonly { stream: string; record: RecordData }[]): string[] {
  return of.map(({ stream, record }) => `${stream} ${stringify(record)}`).sort();
}

/**
 * Kills the read after every message in turn (or every `step`-th), resumes it until it is done, and compares. Throws when a
 * record is lost, when a committed one comes twice, or when more than the records since the last state are repeated.
 * Resolves to the number of kills.
 */
export async function proveResume(
  make: () => readonly Stream[] | Promise<readonly Stream[]>,
  options: { concurrency?: number; step?: number; states?: ReadonlyMap<string, JsonObject> } = {},
): Promise<number> {
  const { concurrency, step = 1, states } = options;
  const whole = await transcript(await make(), { concurrency, states });
  if (whole.errors.length) throw whole.errors[0];
  const truth = multiset(rows(whole.sent));
  let kills = 0;
  for (let killAfter = 0; killAfter < whole.sent.length; killAfter += step) {
    const first = await transcript(await make(), { concurrency, states, killAfter });
    const second = await transcript(await make(), {
      concurrency,
      states: new Map([...(states ?? []), ...lastStates(first.sent)]),
    });
    if (second.errors.length)
      throw new Error(`resumed after ${killAfter} messages: ${second.errors[0]!.message}`, { cause: second.errors[0] });
    const got = multiset(
      rows([...committed(first.sent), ...second.sent.filter((message) => message.kind !== 'state')]),
    );
    compare(truth, got, killAfter);
    kills++;
  }
  return kills;
}

function compare(truth: string[], got: string[], killAfter: number): void {
  if (truth.length === got.length && truth.every((row, index) => row === got[index])) return;
  const count = (list: string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const row of list) counts.set(row, (counts.get(row) ?? 0) + 1);
    return counts;
  };
  const [want, have] = [count(truth), count(got)];
  const lost = [...want].filter(([row, n]) => (have.get(row) ?? 0) < n).map(([row]) => row);
  const doubled = [...have].filter(([row, n]) => (want.get(row) ?? 0) < n).map(([row]) => row);
  throw new Error(
    `killed after ${killAfter} messages: ${lost.length} lost (${lost.slice(0, 3).join('; ')}), ${doubled.length} doubled (${doubled.slice(0, 3).join('; ')})`,
  );
}
