import { setMaxListeners } from 'node:events';
import {
  type ConfiguredCatalog,
  type ConfiguredStream,
  type JsonObject,
  type StreamDescriptor,
  streamKey,
} from '@tidemark/protocol';
import { Gate } from './concurrency.js';
import { ConnectorError, isAbort } from './error.js';
import { intactSink } from './intact-sink.js';
import type { Sink, StreamOutcome } from './sink.js';
import type { Connection } from './source.js';
import type { OpenStream, Stream } from './stream.js';
import type { Unit } from './unit.js';

/** What decides one read besides the source itself. */
export interface ReadSettings {
  connection: Connection;
  catalog: ConfiguredCatalog;
  /** The states of the last run by `streamKey`; a stream without one begins at the beginning. */
  states: ReadonlyMap<string, JsonObject>;
  /** The shared part of the last GLOBAL state. */
  shared?: JsonObject;
  sink: Sink;
  /**
   * Rows at the last cursor value, which an API gives again in each job, are remembered in the states of incremental streams
   * that only append, and are not sent again. For a runner that keeps the states to itself: those that others read stay
   * without it.
   */
  remembersBoundary?: boolean;
  /** Aborted: every stream stops after the page in hand, its state is sent. */
  signal?: AbortSignal;
}

/** How each stream ended, by `streamKey`, in the order of the catalog. */
export interface ReadResult {
  outcomes: Map<string, StreamOutcome>;
  errors: ConnectorError[];
  /** Lines of a program that were no messages, and the file that has them: none was dropped. */
  unparsable?: { lines: number; file?: string };
}

/**
 * Reads the configured streams into the sink: **the** read loop. Streams begin in the catalog's order; their units run
 * beside each other within the connection's concurrency; a stream that fails ends alone.
 * Throws ConnectorError (config) when the catalog names a stream that the source does not have.
 */
export async function read(given: ReadSettings): Promise<ReadResult> {
  const settings = { ...given, sink: intactSink(given.sink) };
  const { connection, catalog } = settings;
  const byKey = new Map(connection.streams.map((stream) => [streamKey(stream), stream]));
  for (const { stream } of catalog.streams) {
    if (byKey.has(streamKey(stream))) continue;
    const absent = connection.absent?.(stream);
    if (!absent) throw unknownStream(stream, connection.streams);
    byKey.set(streamKey(stream), absent);
  }
  if (connection.readAll) return connection.readAll(settings);
  // Every stream listens: many are no leak.
  if (settings.signal) setMaxListeners(0, settings.signal);
  const gate = new Gate(Math.max(1, connection.concurrency));
  const groups = (connection.exclusiveGroups ?? []).map((names) => ({ names: new Set(names), gate: new Gate(1) }));
  const result: ReadResult = { outcomes: new Map(), errors: [] };
  // As many streams are begun at once as units may run: beginning more would only open files and sockets early.
  const begun = new Gate(Math.max(1, connection.concurrency));
  const running: Promise<void>[] = [];
  for (const configured of catalog.streams) {
    result.outcomes.set(streamKey(configured.stream), 'stopped');
    await begun.enter();
    if (settings.signal?.aborted) break;
    const locks = groups.filter((group) => group.names.has(configured.stream.name)).map((group) => group.gate);
    running.push(
      withLocks(locks, () =>
        new StreamRun(configured, byKey.get(streamKey(configured.stream))!, gate, settings, result).run(),
      ).finally(() => begun.leave()),
    );
  }
  await Promise.all(running);
  return result;
}

async function withLocks(locks: Gate[], run: () => Promise<void>): Promise<void> {
  for (const lock of locks) await lock.enter();
  try {
    await run();
  } finally {
    for (const lock of locks) lock.leave();
  }
}

function unknownStream(stream: StreamDescriptor, streams: readonly Stream[]): ConnectorError {
  const names = streams.map((known) => known.name);
  return new ConnectorError(
    'config',
    `The catalog names the stream '${stream.name}', which this source does not have. It has: ${names.join(', ')}.`,
  );
}

/** One stream's reading: readers of units on one side, the ordered channel to the sink on the other. */
class StreamRun {
  private readonly abort = new AbortController();
  private channel: Promise<void> = Promise.resolve();
  private failure: ConnectorError | undefined;
  private sentRecords = false;
  private readonly descriptor: StreamDescriptor;

  constructor(
    private readonly configured: ConfiguredStream,
    private readonly stream: Stream,
    private readonly gate: Gate,
    private readonly settings: ReadSettings,
    private readonly result: ReadResult,
  ) {
    this.descriptor = { name: configured.stream.name, namespace: configured.stream.namespace ?? undefined };
    if (settings.signal?.aborted) this.abort.abort();
    settings.signal?.addEventListener('abort', () => this.abort.abort(), { once: true });
  }

  async run(): Promise<void> {
    const { sink, states } = this.settings;
    const key = streamKey(this.descriptor);
    await sink.status(this.descriptor, 'STARTED');
    let open: OpenStream | undefined;
    try {
      open = await this.stream.open(states.get(key), {
        syncMode: this.configured.sync_mode,
        generation: this.configured.generation_id ?? undefined,
        cursorField: this.configured.cursor_field?.[0],
        schema: this.configured.stream.json_schema,
        remembersBoundary:
          this.settings.remembersBoundary === true &&
          this.configured.sync_mode === 'incremental' &&
          this.configured.destination_sync_mode === 'append',
      });
      await this.tellEstimate(open);
      await this.readUnits(open);
    } catch (error) {
      this.fail(error);
    }
    const stopped = !this.failure && this.settings.signal?.aborted === true;
    const outcome: StreamOutcome = this.failure ? 'failed' : stopped ? 'stopped' : 'complete';
    try {
      if (open && outcome === 'complete') open.cursor.finish();
      if (open) await sink.finalState(this.descriptor, open.cursor.state(), outcome);
    } catch (error) {
      this.fail(error);
    }
    this.result.outcomes.set(key, this.failure ? 'failed' : outcome);
    if (this.failure) {
      this.result.errors.push(this.failure);
      await sink.error(this.failure, this.descriptor);
    }
    await sink.status(this.descriptor, this.failure || stopped ? 'INCOMPLETE' : 'COMPLETE');
  }

  private async tellEstimate(open: OpenStream): Promise<void> {
    const { sink } = this.settings;
    if (!sink.estimate) return;
    const estimate = await open.estimate?.();
    if (estimate) await sink.estimate(this.descriptor, estimate);
  }

  private fail(error: unknown): void {
    if (!this.failure && !(this.settings.signal?.aborted && isAbort(error))) {
      this.failure = ConnectorError.from(error, this.stream.name);
    }
    this.abort.abort();
  }

  /** A slot is taken before the next unit is asked for, so that no more units are planned than can be read. */
  private async readUnits(open: OpenStream): Promise<void> {
    const units = open.cursor.plan(this.abort.signal)[Symbol.asyncIterator]();
    const readers: Promise<void>[] = [];
    try {
      for (;;) {
        await this.gate.enter();
        if (this.abort.signal.aborted) {
          this.gate.leave();
          break;
        }
        let unit: IteratorResult<Unit>;
        try {
          unit = await units.next();
        } catch (error) {
          this.gate.leave();
          throw error;
        }
        if (unit.done) {
          this.gate.leave();
          break;
        }
        const reader: Promise<void> = this.readUnit(open, unit.value)
          .catch((error) => this.fail(error))
          .finally(() => this.gate.leave());
        readers.push(reader);
        if (readers.length > 1_000)
          readers.splice(
            0,
            readers.length,
            Promise.all(readers).then(() => undefined),
          );
      }
    } finally {
      await Promise.all(readers);
      await units.return?.();
    }
  }

  private readonly idle = async <T>(wait: () => Promise<T>): Promise<T> => {
    this.gate.leave();
    try {
      return await wait();
    } finally {
      await this.gate.enter();
    }
  };

  private async readUnit(open: OpenStream, unit: Unit): Promise<void> {
    const onRestart = (reason: string): void => {
      void this.send(async () => {
        open.cursor.restart(unit);
        await this.settings.sink.restart(this.descriptor, unit, reason);
      });
    };
    let closed = false;
    if (unit.anew !== undefined) onRestart(unit.anew);
    for await (const page of open.read(unit, { signal: this.abort.signal, onRestart, idle: this.idle })) {
      await this.send(async () => {
        if (!this.sentRecords && (page.lines?.count ?? page.records.length) > 0) {
          this.sentRecords = true;
          await this.settings.sink.status(this.descriptor, 'RUNNING');
        }
        // From here to the sink's call nothing is awaited: a sink may ask for the state at any other moment.
        const fresh = open.cursor.fresh?.(unit, page);
        open.cursor.page(unit, page);
        // Closed together with its last page: a state asked for after that page must not ask for the page again.
        closed = page.next === undefined && !page.more;
        if (closed) open.cursor.close(unit);
        const { sink } = this.settings;
        const state = page.more ? undefined : () => open.cursor.state();
        if (page.lines && sink.lines && !fresh) await sink.lines(this.descriptor, unit, page.lines, state);
        else await sink.page(this.descriptor, unit, fresh ?? page.records, state);
      });
      if (this.abort.signal.aborted) return;
    }
    if (closed || this.abort.signal.aborted) return;
    // It ended after a page with `more` or `next`: the sink is told, for it may hold back what no state covered so far.
    await this.send(async () => {
      open.cursor.close(unit);
      await this.settings.sink.page(this.descriptor, unit, [], () => open.cursor.state());
    });
  }

  /** The ordered channel: one thing at a time, and nothing after a failure, so that a state covers what was sent. */
  private send(step: () => Promise<void>): Promise<void> {
    const sent = this.channel.then(async () => {
      if (!this.failure) await step();
    });
    this.channel = sent.catch(() => undefined);
    return sent;
  }
}
