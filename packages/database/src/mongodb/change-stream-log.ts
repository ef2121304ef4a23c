import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type RecordData } from '@tidemark/source';
import type { ChangeStream, ChangeStreamOptions } from 'mongodb';
import { notAnOffset, offsetsOf } from '../airbyte/log-offset.js';
import type { Finding, ReadingSettings, Table } from '../dialect.js';
import type { ChangeLog, LogBatch, LostTables } from '../log/change-log.js';
import { readingBounds } from '../log/reading-bounds.js';
import { tableId } from '../table-id.js';
import { uuidsIn } from './catalog.js';
import {
  type ChangePosition,
  changePosition,
  compareTimes,
  cursorOf,
  storedPosition,
  timeOfToken,
} from './change-position.js';
import { ChangeReader } from './change-reader.js';
import { stampRecord } from './change-records.js';
import { checkChanges } from './check-changes.js';
import type { Clients, Opened } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { mongoError } from './errors.js';
import { DECODING } from './values.js';

/** What change streams are read by. */
export interface ChangeStreamLogOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  /** The collections as they are now. */
  readonly collections: () => readonly Collection[];
  readonly warn: (message: string) => void;
}

/** How long the server may wait for an event before it answers that there is none. */
const AWAIT_MS = 1_000;
/** The same where nothing but the server's answer is waited for. */
const PROBE_MS = 50;
/** Servers from 6.0 on can say what a document was before. */
const WIRE_WITH_PRE_IMAGES = 17;

/** The change streams of a replica set or sharded cluster as a log of changes. */
export class ChangeStreamLog implements ChangeLog {
  /** The stored token is refused, and what happened since its time is still there. */
  private isByTime = false;

  constructor(private readonly options: ChangeStreamLogOptions) {}

  async end(): Promise<Json> {
    const { clients } = this.options;
    const opened = await clients.open();
    try {
      const stream = this.watch(opened, [], {});
      let token: JsonObject | null;
      try {
        await stream.tryNext();
        token = (stream.resumeToken as JsonObject | null | undefined) ?? null;
      } finally {
        await stream.close();
      }
      const told = await clients.facts(opened.client);
      // Without a token nothing but the clock is left: a moment that is surely over, so that changes come again, not less.
      const time = timeOfToken(token) ?? { t: Math.floor(told.localTime / 1000) - 1, i: 0 };
      if (token) clients.saw(new opened.types.Timestamp(time));
      return storedPosition({ token, time, ...(await this.lineage(opened)) });
    } catch (error) {
      throw mongoError(error, 'Looking for the end of the change stream');
    }
  }

  async accept(stored: Json, tables: readonly Table[]): Promise<string | LostTables | undefined> {
    this.isByTime = false;
    const position = changePosition(stored);
    if (!position) return 'its position is none of a change stream.';
    const opened = await this.options.clients.open();
    const now = await this.lineage(opened);
    if (position.set !== now.set)
      return `it was read from the replica set '${position.set.slice(0, 100)}', and this is '${now.set}'.`;
    const again = tables.map(tableId).filter((id) => {
      const before = Object.hasOwn(position.collections, id) ? position.collections[id] : undefined;
      return before !== undefined && now.collections[id] !== undefined && before !== now.collections[id];
    });
    const isOne = again.length === 1;
    const why = `the collection${isOne ? '' : 's'} ${again.join(', ')} ${isOne ? 'was' : 'were'} dropped and made again.`;
    const lost = again.length > 0 ? { why, tables: again } : undefined;
    // The others go on from there, if there are others.
    if (lost && again.length === tables.length) return lost;
    return (await this.whyNotFrom(opened, position)) ?? lost;
  }

  /** Why the stream cannot be gone on with; undefined where its token, or the time of it, is taken. */
  private async whyNotFrom(opened: Opened, position: ChangePosition): Promise<string | undefined> {
    if (!position.token) return this.refusal(opened, position);
    const refused = await this.refusal(opened, position);
    if (refused === undefined) return undefined;
    this.isByTime = true;
    const lost = await this.refusal(opened, position);
    if (lost === undefined) {
      const at = new Date(position.time.t * 1000).toISOString();
      this.options.warn(
        `The change stream does not take the stored token (${refused}) It is gone on from the time of it, ${at}.`,
      );
      return undefined;
    }
    this.isByTime = false;
    return `${lost} Keep the oplog longer than the time between two syncs: db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: 72 })`;
  }

  /**
   * `{"state":{…:"{\"sec\":…,\"ord\":…,\"resume_token\":\"…\"}"},"schema_enforced":true}`. The state does not say which replica set
   * and collections it is of.
   */
  async adopt(shared: JsonObject): Promise<Json> {
    const { clients } = this.options;
    const isEnforced = shared.schema_enforced !== false;
    if (isEnforced === clients.config.schemaless)
      throw new ConnectorError(
        'config',
        `The state is of collections that were read ${isEnforced ? 'with the fields of a schema' : 'without a schema, as whole documents'}, and 'schemaless' is ${clients.config.schemaless} now. Set 'schemaless: ${!isEnforced}', or read without a state to load the collections anew.`,
      );
    const [offset, ...others] = offsetsOf(shared);
    if (others.length > 0) throw notAnOffset('it has several');
    const { resume_token: text } = offset!;
    const token = typeof text === 'string' && text !== '' ? { _data: text } : null;
    const [t, i] = [Number(offset!.sec), Number(offset!.ord ?? 0)];
    const isTime = [t, i].every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 32) && t > 0;
    const time = isTime ? { t, i } : timeOfToken(token);
    if (!time) throw notAnOffset("it has neither 'sec' and 'ord' nor a 'resume_token' with a time");
    const opened = await clients.open();
    return storedPosition({ token, time, ...(await this.lineage(opened)) });
  }

  async *read(
    from: Json,
    to: Json,
    tables: readonly Table[],
    { signal }: { signal: AbortSignal },
  ): AsyncIterable<LogBatch> {
    const [begin, end] = readingBounds(changePosition, [from, to], 'a change stream');
    if (end.token && compareTimes(begin.time, end.time) >= 0) {
      // Collections that were made again are known from now on.
      const { set, collections: now } = end;
      if (canonical(begin.collections) !== canonical(now))
        yield { changes: [], position: storedPosition({ ...begin, set, collections: now }) };
      return;
    }
    const { clients, settings, collections, warn } = this.options;
    const opened = await clients.open();
    const wanted = new Set(tables.map(({ namespace, name }) => `${namespace}.${name}`));
    const followed = collections().filter((collection) => wanted.has(collectionId(collection)));
    const stream = this.watch(opened, followed, this.startOf(opened, begin));
    const { schemaless } = clients.config;
    const reader = new ChangeReader({
      stream,
      opened,
      followed,
      begin,
      end,
      settings,
      schemaless,
      signal,
      warn,
      long: clients.long,
    });
    try {
      yield* reader.batches();
      this.isByTime = false;
    } catch (error) {
      throw mongoError(error, 'Reading the change stream');
    } finally {
      await stream.close();
    }
  }

  /** The server keeps its oplog for a time, whoever reads it. */
  async confirm(): Promise<void> {}

  stamp(record: RecordData, position: Json, extractedAt: number): void {
    const cursor = cursorOf(changePosition(position)!);
    stampRecord(record, { cursor, at: new Date(extractedAt).toISOString(), isDeleted: false });
  }

  async check(tables: readonly Table[]): Promise<Finding[]> {
    const wanted = new Set(tables.map(({ namespace, name }) => `${namespace}.${name}`));
    const followed = this.options.collections().filter((collection) => wanted.has(collectionId(collection)));
    return checkChanges(this.options.clients, followed, this.options.settings, async (opened) => {
      const stream = this.watch(opened, [], {});
      await stream.tryNext().finally(() => stream.close());
    });
  }

  async close(): Promise<void> {}

  /**
   * One collection is watched by itself, those of one database together, and more by the whole deployment: always the same
   * for the same source, since a token is a place in one of these. With nothing `followed`, the stream is only tried.
   */
  private watch(
    { client, facts }: Opened,
    followed: readonly Collection[],
    start: Pick<ChangeStreamOptions, 'startAfter' | 'startAtOperationTime'>,
  ): ChangeStream {
    const { clients, settings, collections } = this.options;
    const all = collections();
    const databases = [...new Set(all.map(({ database }) => database))];
    const options: ChangeStreamOptions = {
      ...DECODING,
      ...start,
      fullDocument: clients.config.updateCapture === 'lookup' ? 'updateLookup' : 'whenAvailable',
      ...(facts.wireVersion >= WIRE_WITH_PRE_IMAGES ? { fullDocumentBeforeChange: 'whenAvailable' } : {}),
      maxAwaitTimeMS: followed.length > 0 ? AWAIT_MS : PROBE_MS,
      batchSize: Math.min(settings.page_rows, 1_000),
    };
    // What has changed is in the document itself: without the description events are half as large.
    const lean = { $project: { updateDescription: 0 } };
    if (all.length === 1) return client.db(all[0]!.database).collection(all[0]!.name).watch([lean], options);
    const named = followed.map(({ database, name }) => ({ 'ns.db': database, 'ns.coll': name }));
    const pipeline =
      named.length > 0 ? [{ $match: { $or: [...named, { operationType: 'invalidate' }] } }, lean] : [lean];
    return databases.length === 1 ? client.db(databases[0]!).watch(pipeline, options) : client.watch(pipeline, options);
  }

  private startOf({ types }: Opened, { token, time }: ChangePosition) {
    return token && !this.isByTime ? { startAfter: token } : { startAtOperationTime: new types.Timestamp(time) };
  }

  /** Why the server does not go on from a position; undefined when it does. Throws what is not about the position. */
  private async refusal(opened: Opened, position: ChangePosition): Promise<string | undefined> {
    const stream = this.watch(opened, [], this.startOf(opened, position));
    try {
      await stream.tryNext();
      return undefined;
    } catch (error) {
      const failure = mongoError(error, 'Going on with the change stream');
      if (failure.kind !== 'system') throw failure;
      return `${failure.message}.`;
    } finally {
      await stream.close();
    }
  }

  private async lineage({ facts }: Opened): Promise<Pick<ChangePosition, 'set' | 'collections'>> {
    const { clients, collections } = this.options;
    const numbers: Record<string, string> = {};
    for (const database of new Set(collections().map((collection) => collection.database))) {
      const uuids = await uuidsIn(clients, database);
      for (const collection of collections()) {
        const uuid = collection.database === database && uuids.get(collection.name);
        if (uuid) numbers[collectionId(collection)] = uuid;
      }
    }
    return { set: facts.set, collections: numbers };
  }
}
