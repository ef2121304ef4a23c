import { type ConfiguredCatalog, type JsonObject, stringify } from '@tidemark/protocol';
import { type Connection, type ConnectorError, discover, type RecordData, read, type Sink } from '@tidemark/source';

/** One thing that a read emitted, in the order of emission. */
export type Emitted = { stream: string; record: RecordData } | { stream: string; state: JsonObject };

/** What was seen of a read before it was killed. */
export interface Seen {
  readonly emitted: Emitted[];
  readonly errors: ConnectorError[];
}

class Killed extends Error {}

/**
 * Reads every stream and is killed right after the message number `killAfter`: nothing later is seen, just as when the
 * process is gone. Without `killAfter` it reads to the end.
 */
export async function killedRead(
  connection: Connection,
  states: Map<string, JsonObject>,
  killAfter = Infinity,
): Promise<Seen> {
  const seen: Seen = { emitted: [], errors: [] };
  const stop = new AbortController();
  const emit = (message: Emitted): void => {
    if (seen.emitted.length >= killAfter) throw new Killed();
    seen.emitted.push(message);
    if (seen.emitted.length === killAfter) {
      stop.abort();
      throw new Killed();
    }
  };
  const sink: Sink = {
    page(stream, _unit, records, state) {
      for (const record of records) emit({ stream: stream.name, record });
      if (state) emit({ stream: stream.name, state: copy(state()) });
    },
    finalState: (stream, state) => emit({ stream: stream.name, state: copy(state) }),
    restart: () => undefined,
    status: () => undefined,
    error: (error) => void (error.cause instanceof Killed || seen.errors.push(error)),
    log: () => undefined,
  };
  try {
    await read({ connection, catalog: await everything(connection), states, sink, signal: stop.signal });
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  } finally {
    await connection.close();
  }
  return seen;
}

/** The last state of each stream, as a client would hand it to the next run. */
export function lastStates(emitted: readonly Emitted[]): Map<string, JsonObject> {
  const states = new Map<string, JsonObject>();
  for (const message of emitted) if ('state' in message) states.set(message.stream, message.state);
  return states;
}

/** The records of a stream; with `sinceState` only those after its last state. */
export function recordsOf(emitted: readonly Emitted[], stream: string, sinceState = false): RecordData[] {
  const own = emitted.filter((message) => message.stream === stream);
  const from = sinceState ? own.findLastIndex((message) => 'state' in message) + 1 : 0;
  return own.slice(from).flatMap((message) => ('record' in message ? [message.record] : []));
}

async function everything(connection: Connection): Promise<ConfiguredCatalog> {
  const { streams } = await discover(connection);
  return {
    streams: streams.map((stream) => ({
      stream,
      sync_mode: stream.supported_sync_modes.includes('incremental') ? 'incremental' : 'full_refresh',
      destination_sync_mode: 'append',
    })),
  };
}

function copy(state: JsonObject): JsonObject {
  return JSON.parse(stringify(state)) as JsonObject;
}
