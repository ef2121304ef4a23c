import {
  type GlobalStateMessage,
  type JsonObject,
  type StreamDescriptor,
  type StreamStateMessage,
  streamKey,
  streamTitle,
} from '@tidemark/protocol';
import { type Connection, ConnectorError } from '@tidemark/source';
import { planAttempt } from './attempt.js';
import { chooseStreams } from './choose-streams.js';
import type { ResetOrder, Session, StoredJob } from './destination.js';
import type { StreamSelection } from './modes.js';

/** The states of some streams, in whatever form they came. A null state: none is to be kept. */
export interface StateSet {
  streams: { stream: StreamDescriptor; state: JsonObject | null }[];
  /** What the streams have in common, for states that one log feeds. */
  shared?: JsonObject | null;
}

/** The states of a connection as the Airbyte protocol writes them: one GLOBAL state, or a STREAM state for each stream. */
export function exportStates(stored: StoredJob | undefined): (StreamStateMessage | GlobalStateMessage)[] {
  const states = (stored?.streams ?? []).flatMap(({ stream, state }) =>
    state === undefined ? [] : [{ stream_descriptor: plain(stream), stream_state: state }],
  );
  if (stored?.shared === undefined) return states.map((stream) => ({ type: 'STREAM', stream }));
  return [{ type: 'GLOBAL', global: { shared_state: stored.shared, stream_states: states } }];
}

function plain({ name, namespace }: StreamDescriptor): StreamDescriptor {
  return namespace ? { name, namespace } : { name };
}

/** What an import needs besides the states. */
export interface ImportSettings {
  session: Session;
  connection: string;
  states: StateSet;
  /**
   * Connects to the source, and says which streams of it are synced (absent: all) and how. Asked for only when a state is of
   * a stream that the books do not know yet.
   */
  source: () => Promise<{ connection: Connection; streams?: readonly StreamSelection[] }>;
}

/** What an import has done. */
export interface Imported {
  /** Streams that go on from the given state. */
  set: StreamDescriptor[];
  /** Streams whose state was dropped. */
  dropped: StreamDescriptor[];
  /** Not yet synced, and read whole in every job: a state is nothing to them. */
  skipped: StreamDescriptor[];
}

/**
 * Puts states into the books of a connection. Streams that the states do not name keep theirs. A stream that has not been
 * synced yet is entered into the books, with its table, so that its first sync goes on from the state.
 * Throws ConnectorError (config) that names the streams which the connection does not have; nothing is changed then.
 */
export async function importStates(settings: ImportSettings): Promise<Imported> {
  const { session, connection: name, states } = settings;
  const stored = await session.load(name);
  const known = new Set((stored?.streams ?? []).map(({ stream }) => streamKey(stream)));
  const fresh = states.streams.filter(({ stream, state }) => state !== null && !known.has(streamKey(stream)));
  const skipped = fresh.length > 0 ? await enter(settings, stored, fresh as Fresh[]) : [];
  const isSkipped = new Set(skipped.map(streamKey));
  const taken = states.streams.filter(({ stream }) => !isSkipped.has(streamKey(stream)));
  const orders = taken.map(({ stream, state }): ResetOrder => ({ stream, what: 'state', state: state ?? undefined }));
  await session.reset(name, orders, states.shared);
  const those = (keep: (one: (typeof taken)[number]) => boolean) => taken.filter(keep).map(({ stream }) => stream);
  return {
    set: those(({ state }) => state !== null),
    dropped: those(({ stream, state }) => state === null && known.has(streamKey(stream))),
    skipped,
  };
}

type Fresh = { stream: StreamDescriptor; state: JsonObject };

/**
 * Enters streams into the books that have not been synced yet: as an attempt that read nothing. Gives those that are read
 * whole in every job.
 */
async function enter(
  settings: ImportSettings,
  stored: StoredJob | undefined,
  fresh: readonly Fresh[],
): Promise<StreamDescriptor[]> {
  const { session, connection: name, source } = settings;
  const { connection, streams } = await source();
  try {
    const wishes = fresh.map(({ stream }) => wishFor(stream, streams));
    refuseUnknown(fresh, connection, streams);
    const { chosen, failed } = await chooseStreams(connection, wishes);
    if (failed[0]) throw failed[0].error;
    const incremental = chosen.filter(({ syncMode }) => syncMode === 'incremental');
    const skipped = chosen.filter((one) => !incremental.includes(one)).map(({ description }) => plain(description));
    if (incremental.length === 0) return skipped;
    const stateOf = new Map(fresh.map(({ stream, state }) => [streamKey(stream), state]));
    const attempt = planAttempt(stored, incremental, {
      connection: name,
      fingerprint: stored?.job.fingerprint ?? '',
      restart: false,
      within: stored?.job.nonce,
    });
    // A finished job stays finished: its next sync begins a new one.
    const goesOn = stored !== undefined && attempt.job.nonce !== stored.job.nonce;
    const job = goesOn ? { ...stored.job, attempt: stored.job.attempt + 1 } : attempt.job;
    const plans = attempt.plans.map(({ partialGeneration: _, ...plan }) => ({
      ...plan,
      syncId: job.id,
      begin: 'resume' as const,
      state: stateOf.get(plan.key)!,
    }));
    await session.begin(job, plans);
    const outcome = stored === undefined ? 'complete' : stored.outcome === 'running' ? 'stopped' : stored.outcome;
    await session.end(job, outcome, { rows: 0, progressed: true, error: 'Not a read: a state was imported.' });
    return skipped;
  } finally {
    await connection.close();
  }
}

function wishFor(stream: StreamDescriptor, streams: readonly StreamSelection[] | undefined): StreamSelection {
  const { name, namespace } = stream;
  return streams?.find((one) => streamKey(one) === streamKey(stream)) ?? { name, namespace: namespace ?? undefined };
}

function refuseUnknown(
  fresh: readonly Fresh[],
  connection: Connection,
  streams: readonly StreamSelection[] | undefined,
): void {
  const there = streams ?? connection.streams;
  const keys = new Set(there.map(streamKey));
  const unknown = fresh.filter(({ stream }) => !keys.has(streamKey(stream))).map(({ stream }) => streamTitle(stream));
  if (unknown.length === 0) return;
  throw new ConnectorError(
    'config',
    `The state is of ${named(unknown)}, which this connection does not have. It has: ${there.map(streamTitle).join(', ')}.`,
  );
}

function named(names: readonly string[]): string {
  return `${names.length === 1 ? 'stream' : 'streams'} ${names.map((name) => `'${name}'`).join(', ')}`;
}
