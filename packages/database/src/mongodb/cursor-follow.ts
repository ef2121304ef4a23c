import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import type { Follow } from '../dialect.js';
import type { Opened, QueryOptions } from './clients.js';
import { collectionId } from './collection.js';
import { mongoError } from './errors.js';
import type { LoadOptions } from './id-load.js';
import { type Bound, BRACKETS, type Bracket, bracketOf, within } from './id-order.js';
import { decodeValue, encodeId, encodeValue } from './id-position.js';
import { DECODING } from './values.js';

/** Documents at the mark's own value are remembered up to this number; beyond it they come again. */
const BOUNDARY_IDS_MAX = 10_000;
/** Types that a cursor field's values can have. Null and documents without the field are never found. */
const KINDS: readonly Bracket[] = ['number', 'string', 'binData', 'objectId', 'date', 'timestamp'];

/** The mark: every document up to `value` has been read, and of those at `value` itself the ones with these `_id`s. */
interface CursorMark {
  column: string;
  /** Absent: nothing has been read by this field yet. */
  value?: Json;
  ids: string[];
}

/** How a collection is followed by a field. */
export interface CursorFollowOptions {
  readonly field: string;
  readonly isIndexed: boolean;
  /** Each sync reads this much again below the mark: seconds for dates, units for numbers. */
  readonly lookback: number;
}

/**
 * Reading what is new by a field that only rises. Documents at the value of the mark are asked for again, and those that the
 * mark remembers are passed over: one that came late with the same value is not lost, and none is repeated.
 */
export class CursorFollow implements Follow {
  readonly kind = 'cursor';
  readonly atOnce = false;
  private readonly id: string;

  constructor(
    private readonly reading: LoadOptions,
    private readonly options: CursorFollowOptions,
  ) {
    this.id = collectionId(reading.collection);
  }

  async start(): Promise<Json> {
    const { field, isIndexed } = this.options;
    const empty: CursorMark = { column: field, ids: [] };
    if (!isIndexed) return empty as unknown as Json;
    const opened = await this.reading.clients.open();
    for (const kind of [...KINDS].reverse()) {
      const condition = within(kind, opened.types)!;
      const [last] = await this.documents(condition, -1, 1);
      if (!last) continue;
      const value = valueAt(last, field);
      const same = await this.documents({ $eq: value }, 1, BOUNDARY_IDS_MAX + 1);
      return this.mark(encodeValue(opened.bson, value, this.id), new Set(same.map((each) => this.idOf(opened, each))));
    }
    return empty as unknown as Json;
  }

  accept(mark: Json): string | undefined {
    const met = markOf(mark);
    if (!met) return 'its mark is none of a cursor field';
    if (met.column === this.options.field) return undefined;
    return `it goes on by the field '${met.column}', the stream by '${this.options.field}'`;
  }

  async *read(given: Json, { signal }: { signal: AbortSignal }): AsyncIterable<Page & { next: Json }> {
    const opened = await this.reading.clients.open();
    const mark = markOf(given);
    const from = mark?.value === undefined ? undefined : decodeValue(opened.bson, mark.value);
    if (!mark || (mark.value !== undefined && !from))
      throw new ConnectorError('config', `Reading ${this.id}: the state has no mark of a cursor field.`);
    const first = from ? bracketOf(from.value) : undefined;
    const state = { value: mark.value, ids: new Set(mark.ids), seen: new Set(mark.ids), at: mark.value };
    for (const kind of KINDS) {
      if (first && BRACKETS.indexOf(kind) < BRACKETS.indexOf(first)) continue;
      const bounds = from && kind === first ? { from: this.below(from) } : {};
      yield* this.pages(opened, within(kind, opened.types, bounds)!, state, signal);
      if (signal.aborted) return;
    }
  }

  private async *pages(
    opened: Opened,
    condition: Record<string, unknown>,
    state: {
      value: Json | undefined;
      ids: Set<string>;
      readonly seen: ReadonlySet<string>;
      readonly at: Json | undefined;
    },
    signal: AbortSignal,
  ): AsyncIterable<Page & { next: Json }> {
    const { settings, records: maker } = this.reading;
    const cursor = this.find(opened, condition, 1);
    const stored = state.at === undefined ? undefined : canonical(state.at);
    // Documents inside the look-back lie below the mark and do not move it.
    let isAhead = this.options.lookback <= 0 || stored === undefined;
    let records: Page['records'] = [];
    let bytes = 0;
    try {
      for await (const document of cursor as AsyncIterable<unknown> as AsyncIterable<Uint8Array>) {
        if (signal.aborted) return;
        const value = valueAt(opened.bson.deserialize(document, DECODING), this.options.field);
        // An array is found by each of its values: it has no place in the order.
        if (value === undefined || bracketOf(value) === undefined) continue;
        const encoded = encodeValue(opened.bson, value, this.id);
        const id = canonical(encodeId(opened.bson, document, this.id));
        const text = canonical(encoded);
        isAhead ||= this.isBeyond(opened, state.at!, value);
        if (isAhead && (state.value === undefined || canonical(state.value) !== text)) {
          state.value = encoded;
          state.ids = new Set();
        }
        if (isAhead) state.ids.add(id);
        if (text === stored && this.options.lookback <= 0 && state.seen.has(id)) continue;
        records.push(maker.fromBson(opened.bson, document));
        bytes += document.length;
        if (records.length < settings.page_rows && bytes < settings.page_bytes) continue;
        yield { records, next: this.mark(state.value, state.ids) };
        records = [];
        bytes = 0;
      }
      yield { records, next: this.mark(state.value, state.ids) };
    } catch (error) {
      throw mongoError(error, `Reading ${this.id} by ${this.options.field}`);
    } finally {
      await cursor.close();
    }
  }

  /** True at the stored value and behind it; the server gives the documents in order. */
  private isBeyond(opened: Opened, at: Json, value: unknown): boolean {
    const mark = decodeValue(opened.bson, at)!.value;
    if (bracketOf(mark) !== bracketOf(value)) return true;
    return (value as never) >= (mark as never);
  }

  private below({ value }: Bound): Bound {
    const { lookback, field } = this.options;
    if (lookback <= 0) return { value };
    if (value instanceof Date) return { value: new Date(value.getTime() - lookback * 1000) };
    if (typeof value === 'number') return { value: value - lookback };
    if (typeof value === 'bigint') return { value: value - BigInt(Math.ceil(lookback)) };
    const number = Number(value);
    if (bracketOf(value) === 'number' && Number.isFinite(number)) return { value: number - lookback };
    throw new ConnectorError('config', `${this.id}: the cursor field '${field}' has values that take no 'lookback'.`);
  }

  private mark(value: Json | undefined, ids: ReadonlySet<string>): Json {
    // Too many to remember: all of them come again, which is better than losing one.
    const kept = ids.size <= BOUNDARY_IDS_MAX ? [...ids] : [];
    return { column: this.options.field, ...(value === undefined ? {} : { value }), ids: kept };
  }

  private find({ client }: Opened, condition: Record<string, unknown>, direction: 1 | -1, options: QueryOptions = {}) {
    const { collection, settings, projection } = this.reading;
    const { field, isIndexed } = this.options;
    const limits =
      settings.statement_timeout_seconds > 0 ? { maxTimeMS: settings.statement_timeout_seconds * 1000 } : {};
    const wanted = projection && { ...projection, [field]: 1 as const };
    return client
      .db(collection.database)
      .collection(collection.name)
      .find({ [field]: condition }, { ...limits, ...options, raw: true, projection: wanted })
      .sort({ [field]: direction })
      .allowDiskUse(!isIndexed);
  }

  /** Seen by whatever is read from now on: a load from a member that lags would miss what lies below the mark. */
  private async documents(
    condition: Record<string, unknown>,
    direction: 1 | -1,
    limit: number,
  ): Promise<Record<string, unknown>[]> {
    const { field } = this.options;
    try {
      return await this.reading.clients.query(async (opened, options) => {
        const found = this.find(opened, condition, direction, options)
          .project({ [field]: 1 })
          .limit(limit);
        const documents = (await found.toArray()) as unknown as Uint8Array[];
        return documents.map((each) => opened.bson.deserialize(each, DECODING));
      });
    } catch (error) {
      throw mongoError(error, `Looking for the last ${field} of ${this.id}`);
    }
  }

  private idOf({ bson }: Opened, document: Record<string, unknown>): string {
    return canonical(encodeId(bson, bson.serialize({ _id: document._id }), this.id));
  }
}

function valueAt(document: Record<string, unknown>, field: string): unknown {
  return Object.hasOwn(document, field) ? document[field] : undefined;
}

function markOf(mark: Json): CursorMark | undefined {
  if (typeof mark !== 'object' || mark === null || Array.isArray(mark)) return undefined;
  const { column, value, ids } = mark as JsonObject;
  if (typeof column !== 'string' || !Array.isArray(ids)) return undefined;
  return { column, ...(value === undefined ? {} : { value }), ids: ids.map(String) };
}
