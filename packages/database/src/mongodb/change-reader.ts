import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ChangeStream } from 'mongodb';
import type { ReadingSettings } from '../dialect.js';
import type { LogBatch, TableChanges } from '../log/change-log.js';
import { LongStatements } from '../long-statements.js';
import { type ChangePosition, type ClusterTime, compareTimes, storedPosition, timeOfToken } from './change-position.js';
import { type ChangeEvent, changeRecord, timeOfEvent } from './change-records.js';
import type { Opened } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { RecordMaker } from './record-maker.js';

/** A server whose streams do not move for so long is taken for stuck. */
const SILENCE_SECONDS = 300;

/** What one reading of a change stream is made of. */
export interface ChangeReaderOptions {
  readonly stream: ChangeStream;
  readonly opened: Opened;
  readonly followed: readonly Collection[];
  readonly begin: ChangePosition;
  readonly end: ChangePosition;
  readonly settings: ReadingSettings;
  readonly schemaless: boolean;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  readonly long?: LongStatements;
}

/** Reads a change stream up to a position, in batches. */
export class ChangeReader {
  private readonly makers = new Map<string, RecordMaker>();
  private changes: TableChanges[] = [];
  private rows = 0;
  private bytes = 0;
  private at: ChangePosition;

  constructor(private readonly options: ChangeReaderOptions) {
    this.at = { ...options.begin, set: options.end.set, collections: options.end.collections };
    const { schemaless } = options;
    for (const collection of options.followed)
      this.makers.set(collectionId(collection), new RecordMaker({ names: collection.chosen, schemaless }));
  }

  async *batches(): AsyncIterable<LogBatch> {
    const { stream, signal, settings, end, long = new LongStatements() } = this.options;
    let lastMove = performance.now();
    while (!signal.aborted) {
      const event = (await long.during(stream.tryNext())) as ChangeEvent | null;
      const before = this.at;
      const isReached = event ? this.event(event) : this.quiet();
      if (this.at !== before) lastMove = performance.now();
      if (isReached || this.rows >= settings.page_rows || this.bytes >= settings.page_bytes) yield this.batch();
      if (isReached) return;
      if ((performance.now() - lastMove) / 1000 > SILENCE_SECONDS)
        throw new ConnectorError(
          'transient',
          `The change stream has not moved for ${SILENCE_SECONDS} seconds, and has not come to ${end.time.t}:${end.time.i}.`,
        );
    }
  }

  /** True when the end is surely behind. */
  private event(event: ChangeEvent): boolean {
    const time = timeOfEvent(event) ?? this.at.time;
    this.move(event._id, time);
    const collection = this.collectionOf(event);
    if (event.operationType === 'invalidate') return true;
    if (collection) this.take(event, collection, time);
    // Others of the same moment may follow: a transaction has one time.
    return this.options.end.token !== null && compareTimes(time, this.options.end.time) > 0;
  }

  /** The server has nothing more at the moment: its token says how far it has looked. */
  private quiet(): boolean {
    const { stream, end } = this.options;
    const token = (stream.resumeToken as JsonObject | null | undefined) ?? null;
    // Such a server says no position of its own: it is at its end.
    if (!end.token) return true;
    const time = timeOfToken(token);
    if (token && time && token._data !== this.at.token?._data) this.move(token, time);
    return compareTimes(this.at.time, end.time) >= 0;
  }

  private move(token: JsonObject, time: ClusterTime): void {
    this.at = { ...this.at, token, time };
  }

  private collectionOf({ ns }: ChangeEvent): Collection | undefined {
    const { followed } = this.options;
    if (!ns) return followed.length === 1 ? followed[0] : undefined;
    return followed.find(({ database, name }) => database === ns.db && name === ns.coll);
  }

  private take(event: ChangeEvent, collection: Collection, time: ClusterTime): void {
    const id = collectionId(collection);
    const record = changeRecord(event, this.makers.get(id)!, time);
    if (!record) {
      if (/^(drop|rename|dropDatabase)$/.test(event.operationType))
        this.options.warn(
          `${id}: the collection has had a '${event.operationType}'. What was in it is not told as deletions.`,
        );
      return;
    }
    const last = this.changes.at(-1);
    if (last?.table === id) last.records.push(record);
    else this.changes.push({ table: id, records: [record] });
    this.rows++;
    this.bytes += event.fullDocument ? this.options.opened.bson.calculateObjectSize(event.fullDocument) : 0;
  }

  private batch(): LogBatch {
    const { changes } = this;
    this.changes = [];
    this.rows = 0;
    this.bytes = 0;
    return { changes, position: storedPosition(this.at) };
  }
}
