import {
  type ConfiguredStream,
  type Json,
  type JsonObject,
  type StreamDescriptor,
  streamKey,
} from '@tidemark/protocol';
import {
  type Connection,
  ConnectorError,
  type GlobalState,
  isAbort,
  type ReadResult,
  type ReadSettings,
  type RunContext,
  read,
  type Sink,
  type StreamOutcome,
  type Unit,
} from '@tidemark/source';
import { isAirbyteOffset } from '../airbyte/log-offset.js';
import { loadFromAirbyte } from '../airbyte/state.js';
import type { Table } from '../dialect.js';
import { sentence } from '../finding.js';
import { type DialectName, isDatabaseState } from '../state.js';
import { tableId } from '../table-id.js';
import { anew, isAnew } from './anew.js';
import type { ChangeLog, LostTables, TableBreak } from './change-log.js';
import { chosen } from './chosen-columns.js';
import { FollowedShapes } from './followed-shapes.js';
import { LOAD_AGAIN } from './load-again.js';
import { LoadSink } from './load-sink.js';

/** What a connection that follows the server's log is made of. */
export interface LogConnectionOptions {
  readonly dialect: DialectName;
  /** The connection as it is without the log: what reads tables whole. */
  readonly inner: Connection;
  readonly log: ChangeLog;
  /** The tables that can follow the log, in the order of the streams. */
  readonly tables: readonly Table[];
  readonly context: RunContext;
  /** A load is interrupted after this time for what has come in the log meanwhile, so that the log does not grow. */
  readonly loadSeconds: number;
  /** What happens when the log cannot be read from the stored position: an error, or every table is loaded again. */
  readonly onLostPosition: 'fail' | 'reload';
}

/** The unit of what the log brings; `restart` never names it. */
const LOG_UNIT: Unit = { id: 'log', partition: {}, slice: {} };

/**
 * Tables that are loaded in chunks and then kept up to date by the server's log. The log's position and the tables' states
 * are one state, stored together: a load can never be taken for done that is not, and the log is never read from behind a
 * load's beginning.
 */
export function logConnection(options: LogConnectionOptions): Connection {
  const { inner, log, tables } = options;
  return {
    streams: inner.streams,
    ...(inner.absent ? { absent: inner.absent } : {}),
    concurrency: inner.concurrency,
    together: new Set(tables.map((table) => streamKey(table))),
    check: () => inner.check(),
    readAll: (settings) => new LogReading(options, settings).run(),
    async close() {
      await log.close();
      await inner.close();
    },
  };
}

/** One reading of a connection that follows the log. */
class LogReading {
  private readonly signal: AbortSignal;
  private readonly followed: ConfiguredStream[];
  private readonly others: ConfiguredStream[];
  /** The states of the followed streams, as far as the sink has their pages. */
  private readonly states = new Map<string, JsonObject>();
  private readonly failed = new Map<string, ConnectorError>();
  private readonly estimated = new Set<string>();
  private readonly shapes: FollowedShapes;
  private position!: Json;

  constructor(
    private readonly options: LogConnectionOptions,
    private readonly settings: ReadSettings,
  ) {
    this.signal = settings.signal ?? new AbortController().signal;
    const ours = new Set(options.tables.map((table) => streamKey(table)));
    const isFollowed = ({ stream, sync_mode }: ConfiguredStream) =>
      sync_mode === 'incremental' && ours.has(streamKey(stream));
    this.followed = settings.catalog.streams.filter(isFollowed);
    this.others = settings.catalog.streams.filter((stream) => !isFollowed(stream));
    this.shapes = new FollowedShapes(options.tables, this.followed);
  }

  async run(): Promise<ReadResult> {
    const result: ReadResult = { outcomes: new Map(), errors: [] };
    if (this.followed.length > 0) await this.runFollowed(result);
    if (this.others.length === 0 || this.signal.aborted) {
      for (const { stream } of this.others) result.outcomes.set(streamKey(stream), 'stopped');
      return result;
    }
    const { inner } = this.options;
    const rest = await read({ ...this.settings, connection: inner, catalog: { streams: this.others } });
    for (const [key, outcome] of rest.outcomes) result.outcomes.set(key, outcome);
    result.errors.push(...rest.errors);
    return result;
  }

  private async runFollowed(result: ReadResult): Promise<void> {
    const { sink } = this.settings;
    if (!sink.pagesTogether || !sink.finalTogether)
      throw new ConnectorError('system', 'The destination takes no streams that one state covers together.');
    for (const { stream } of this.followed) await sink.status(plain(stream), 'STARTED');
    let failure: ConnectorError | undefined;
    let hasBegun = false;
    try {
      await this.begin();
      hasBegun = true;
      await this.goOn();
    } catch (error) {
      if (!(this.signal.aborted && isAbort(error))) failure = ConnectorError.from(error);
    }
    const outcomes = new Map<string, StreamOutcome>();
    for (const { stream } of this.followed) {
      const key = streamKey(stream);
      const isDone = this.states.get(key)?.phase === 'done';
      const outcome =
        failure || this.failed.has(key) ? 'failed' : isDone && !this.signal.aborted ? 'complete' : 'stopped';
      outcomes.set(key, outcome);
      result.outcomes.set(key, outcome);
    }
    if (hasBegun) await sink.finalTogether(this.global(), outcomes);
    if (failure) {
      result.errors.push(failure);
      await sink.error(failure);
    }
    for (const { stream } of this.followed) {
      const error = this.failed.get(streamKey(stream));
      if (!error) continue;
      result.errors.push(error);
      await sink.error(error, plain(stream));
    }
    for (const { stream } of this.followed) {
      const isComplete = outcomes.get(streamKey(stream)) === 'complete';
      await sink.status(plain(stream), isComplete ? 'COMPLETE' : 'INCOMPLETE');
    }
  }

  /** Takes the stored state up, or begins at the end of the log with nothing loaded. */
  private async begin(): Promise<void> {
    const { log, context } = this.options;
    const given = await this.storedPosition();
    const begun = given === undefined ? new Map<string, JsonObject>() : this.storedStates();
    // Where nothing was read of any of these tables, there is nothing to go on with, and no position to be lost.
    const stored = begun.size > 0 ? given : undefined;
    const isFollowed = (table: Table): boolean => {
      const state = begun.get(streamKey(table));
      return state !== undefined && !isAnew(state);
    };
    const lost = stored === undefined ? undefined : await log.accept(stored, this.options.tables.filter(isFollowed));
    if (lost !== undefined) this.reportLost(lost);
    const isLost = (id: string): boolean => typeof lost === 'string' || lost?.tables.includes(id) === true;
    for (const { stream } of this.followed) {
      const key = streamKey(stream);
      const state = begun.get(key);
      if (!state) continue;
      const id = tableId(plain(stream));
      const why = this.shapes.whyAnew(id, this.settings.shared);
      if (why) context.log('WARN', `${id} ${why}: it is loaded again.`);
      // Rows that were deleted meanwhile are in no log: what was sent is taken back.
      this.states.set(key, isLost(id) || why ? anew(state) : state);
    }
    if (stored === undefined || typeof lost === 'string') {
      await this.failUnsent();
      this.position = await log.end();
      return;
    }
    this.position = stored;
    await this.failUnsent();
    // What was given in as a state is stored: the server may forget what came before it.
    await log.confirm(stored);
  }

  /** Tables whose changes the log does not bring fail by themselves. What was read of them is not what they are any more. */
  private async failUnsent(): Promise<void> {
    const { log, tables } = this.options;
    const followed = new Map(this.followed.map(({ stream }) => [tableId(plain(stream)), stream]));
    const wanted = tables.filter((table) => followed.has(tableId(table)));
    const findings = (await log.unsent?.(wanted)) ?? [];
    // What is not there any more is not sent, either.
    if (findings.length > 0) await this.shapes.refuseAltered(log, wanted);
    for (const [id, stream] of followed) {
      const found = findings.filter(({ table }) => table === id);
      if (found.length === 0) continue;
      const key = streamKey(stream);
      const state = this.states.get(key);
      if (state) this.states.set(key, anew(state));
      const after = state ? ' It is loaded again then: what has changed in it meanwhile is not known.' : '';
      this.failed.set(
        key,
        new ConnectorError('config', `${found.map(sentence).join(' ')}${after}`, { stream: stream.name }),
      );
    }
  }

  private reportLost(lost: string | LostTables): void {
    const { context, onLostPosition } = this.options;
    const why = typeof lost === 'string' ? lost : lost.why;
    if (onLostPosition === 'fail')
      throw new ConnectorError(
        'config',
        `The log cannot be gone on from: ${why} What happened since is not known. ${LOAD_AGAIN}`,
      );
    const which = typeof lost === 'string' ? 'Every table is' : `Loaded again ${lost.tables.length > 1 ? 'are' : 'is'}`;
    const tail = typeof lost === 'string' ? ' loaded again.' : `: ${lost.tables.join(', ')}.`;
    context.log('WARN', `The log cannot be gone on from: ${why} ${which}${tail}`);
  }

  private async storedPosition(): Promise<Json | undefined> {
    const { shared } = this.settings;
    if (shared === undefined) return undefined;
    const { v, dialect, position } = shared;
    if (v === 1 && dialect === this.options.dialect && position !== undefined) return position;
    if (isAirbyteOffset(shared)) return this.options.log.adopt(shared);
    throw new ConnectorError(
      'config',
      `The state's shared part is none of this source's log (it is of '${String(dialect ?? 'another program')}'). Read without a state to load the tables anew.`,
    );
  }

  /** The followed streams' states, those of Airbyte's own source as ours. */
  private storedStates(): Map<string, JsonObject> {
    const { dialect, tables } = this.options;
    const states = new Map<string, JsonObject>();
    for (const { stream } of this.followed) {
      const key = streamKey(stream);
      const given = this.settings.states.get(key);
      const table = tables.find((each) => streamKey(each) === key)!;
      const state = given && (isDatabaseState(given) ? given : loadFromAirbyte(given, { dialect, table }));
      if (state) states.set(key, state);
    }
    return states;
  }

  /** Log first, for what has been begun; then a piece of the load, and the log again, until everything is loaded. */
  private async goOn(): Promise<void> {
    const { log } = this.options;
    await this.catchUp(await log.end());
    while (!this.signal.aborted && this.unloaded().length > 0) {
      const position = await log.end();
      await this.loadSome(position);
      await this.confirmStored();
      if (!this.signal.aborted) await this.catchUp(await log.end());
    }
  }

  /** The server may forget what is behind a stored state, also while the reading lasts: a first load may take a day. */
  private async confirmStored(): Promise<void> {
    const position = this.settings.sink.storedTogether?.()?.position;
    if (position !== undefined) await this.options.log.confirm(position);
  }

  private unloaded(): ConfiguredStream[] {
    return this.followed.filter(({ stream }) => {
      const key = streamKey(stream);
      return !this.failed.has(key) && this.states.get(key)?.phase !== 'done';
    });
  }

  /** Reads the log up to a position, for every table whose load has begun. */
  private async catchUp(to: Json): Promise<void> {
    const { log, tables } = this.options;
    const { sink } = this.settings;
    const begun = this.followed.filter(({ stream }) => {
      const state = this.states.get(streamKey(stream));
      // What is still to be loaded anew has no rows that changes could be of.
      return state !== undefined && !isAnew(state);
    });
    if (begun.length === 0) {
      // Nothing has been loaded: what the log holds so far is of no use.
      this.position = to;
      return;
    }
    const byId = new Map(begun.map(({ stream }) => [tableId(plain(stream)), stream]));
    const wanted = tables.filter((table) => byId.has(tableId(table)));
    // After the end was looked for: every row up to there is of a table as it is by now, or was before.
    await this.shapes.refuseAltered(log, wanted);
    const uncovered = new Set<ConfiguredStream['stream']>();
    for await (const { changes, position, breaks = [] } of log.read(this.position, to, wanted, {
      signal: this.signal,
    })) {
      for (const { table } of changes) if (byId.has(table)) uncovered.add(byId.get(table)!);
      const pages = changes.flatMap(({ table, records }) => {
        const stream = byId.get(table);
        return stream ? [{ stream: plain(stream), unit: LOG_UNIT, records: chosen(records, stream.json_schema) }] : [];
      });
      if (position !== undefined) {
        // A position covers what came before it of all tables, also of those that have nothing in this batch.
        for (const stream of uncovered) pages.push({ stream: plain(stream), unit: LOG_UNIT, records: [] });
        uncovered.clear();
      }
      for (const each of breaks) {
        const stream = byId.get(each.table);
        if (stream) this.loadAnew(stream, each);
        // The load reads what comes behind it in the log, too.
        byId.delete(each.table);
      }
      if (position !== undefined) this.position = position;
      await sink.pagesTogether!(pages, position === undefined ? undefined : () => this.global());
      await this.confirmStored();
      if (this.signal.aborted) return;
    }
  }

  /** What was sent of a table is taken back, and it is loaded. Throws ConnectorError where the user wants to be asked. */
  private loadAnew(stream: StreamDescriptor, { table, why, isLost }: TableBreak): void {
    if (isLost) this.reportLost({ why, tables: [table] });
    else this.options.context.log('WARN', `${table} is loaded anew: ${why}`);
    const key = streamKey(stream);
    this.states.set(key, anew(this.states.get(key)!));
  }

  /** Loads for a while what is not loaded yet. Throws ConnectorError where a table was altered meanwhile: it is loaded again. */
  private async loadSome(position: Json): Promise<void> {
    const keys = new Map(this.unloaded().map(({ stream }) => [tableId(plain(stream)), streamKey(stream)]));
    const tables = this.options.tables.filter((table) => keys.has(tableId(table)));
    this.shapes.reading(tables);
    await this.load(position);
    if (this.signal.aborted) return;
    await this.shapes.refuseAltered(this.options.log, tables, (id) => {
      const key = keys.get(id)!;
      const state = this.states.get(key);
      if (state) this.states.set(key, anew(state));
      // A column that is gone cannot be read: the next attempt does not ask for it.
      this.failed.delete(key);
    });
    this.shapes.proven(tables);
  }

  private async load(position: Json): Promise<void> {
    const { inner, log, loadSeconds, context } = this.options;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), loadSeconds * 1000);
    const sink: Sink = new LoadSink({
      outer: this.settings.sink,
      prepare: (records) => {
        const now = context.clock();
        for (const record of records) log.stamp(record, position, now);
      },
      handOver: (key, state) => {
        if (state) this.states.set(key, state);
      },
      global: () => this.global(),
      estimated: this.estimated,
      failed: (key, error) => void this.failed.set(key, error),
    });
    try {
      await read({
        connection: inner,
        catalog: { streams: this.unloaded().map((stream) => ({ ...stream, sync_mode: 'full_refresh' as const })) },
        states: new Map(this.states),
        sink,
        signal: AbortSignal.any([this.signal, stop.signal]),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private global(): GlobalState {
    const streams = this.followed.flatMap(({ stream }) => {
      const state = this.states.get(streamKey(stream));
      return state ? [{ stream: plain(stream), state }] : [];
    });
    const tables = Object.fromEntries(
      streams.map(({ stream }) => tableId(stream)).map((id) => [id, this.shapes.stored(id)]),
    );
    return { shared: { v: 1, dialect: this.options.dialect, position: this.position, tables }, streams };
  }
}

function plain({ name, namespace }: StreamDescriptor): { name: string; namespace?: string } {
  return namespace ? { name, namespace } : { name };
}
