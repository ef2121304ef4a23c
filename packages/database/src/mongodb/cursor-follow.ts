import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import type { Follow } from '../dialect.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import type { Opened, QueryOptions } from './clients.js';
import { collectionId } from './collection.js';
import { mongoError } from './errors.js';
import { FieldPages, type FieldStretch, fieldValue, NO_ARRAY } from './field-pages.js';
import type { LoadOptions } from './id-load.js';
import { type Bound, BRACKETS, type Bracket, bracketOf, within } from './id-order.js';
import { decodeValue, encodeId, encodeValue } from './id-position.js';
import { spooledDocuments } from './spooled-documents.js';
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

/** How far a reading has come: what its next mark is made of. */
interface Progress {
  /** The mark that it began at, and the documents that it remembers. */
  readonly mark: CursorMark;
  readonly seen: ReadonlySet<string>;
  value: Json | undefined;
  ids: Set<string>;
  /** Behind what the look-back reads again. */
  isAhead: boolean;
}

/** How a collection is followed by a field. */
export interface CursorFollowOptions {
  readonly field: string;
  readonly isIndexed: boolean;
  /** Each sync reads this much again below the mark: seconds for dates, units for numbers. */
  readonly lookback: number;
  /** What a query without an index goes through. */
  readonly spool: SpoolSpace;
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
    const kinds = KINDS.filter((kind) => !first || BRACKETS.indexOf(kind) >= BRACKETS.indexOf(first));
    const progress = { mark, value: mark.value, ids: new Set(mark.ids), seen: new Set(mark.ids), isAhead: false };
    // Documents inside the look-back lie below the mark and do not move it.
    progress.isAhead = this.options.lookback <= 0 || mark.value === undefined;
    const begin = (kind: Bracket) => (from && kind === first ? { from: this.below(from) } : {});
    for await (const documents of this.documentPages(opened, kinds, begin, signal)) {
      if (signal.aborted) return;
      yield this.page(opened, documents, progress);
    }
    if (!signal.aborted) yield { records: [], next: this.mark(progress.value, progress.ids) };
  }

  /** Up to what each type of value ends with now: what comes meanwhile is the next sync's. */
  private async *documentPages(
    opened: Opened,
    kinds: readonly Bracket[],
    begin: (kind: Bracket) => { from?: Bound },
    signal: AbortSignal,
  ): AsyncIterable<readonly Uint8Array[]> {
    const { field, isIndexed } = this.options;
    if (!isIndexed) {
      for (const kind of kinds) yield* this.sorted(opened, within(kind, opened.types, begin(kind))!, signal);
      return;
    }
    const stretches: FieldStretch[] = [];
    for (const kind of kinds) {
      const [last] = await this.documents(within(kind, opened.types)!, -1, 1);
      if (last) stretches.push({ kind, ...begin(kind), upTo: { value: valueAt(last, field) } });
    }
    const pages = new FieldPages(this.reading, opened, field, signal);
    for (const stretch of stretches) yield* pages.read(stretch);
  }

  /** Without an index each query sorts the whole collection: there is one, which ends however slow the destination is. */
  private async *sorted(
    opened: Opened,
    condition: Record<string, unknown>,
    signal: AbortSignal,
  ): AsyncIterable<readonly Uint8Array[]> {
    const { clients, settings } = this.reading;
    const doing = `Reading ${this.id} by ${this.options.field}`;
    const find = async () => this.find(opened, condition, 1);
    const query = { clients, settings, space: this.options.spool, doing, signal, find };
    try {
      for await (const { documents } of spooledDocuments(query)) yield documents;
    } catch (error) {
      throw mongoError(error, doing);
    }
  }

  /** The records of documents in the order of the field, without those that the mark remembers. */
  private page(opened: Opened, documents: readonly Uint8Array[], progress: Progress): Page & { next: Json } {
    const { bson } = opened;
    const { mark, seen } = progress;
    const records: Page['records'] = [];
    try {
      for (const document of documents) {
        const value = fieldValue(opened, document, this.options.field);
        if (value === undefined || bracketOf(value) === undefined) continue;
        const encoded = encodeValue(bson, value, this.id);
        const id = canonical(encodeId(bson, document, this.id));
        progress.isAhead ||= this.isBeyond(opened, mark.value!, value);
        if (progress.isAhead) {
          if (!isSame(progress.value, encoded)) {
            progress.value = encoded;
            progress.ids = new Set();
          }
          progress.ids.add(id);
        }
        if (isSame(mark.value, encoded) && this.options.lookback <= 0 && seen.has(id)) continue;
        records.push(this.reading.records.fromBson(bson, document));
      }
    } catch (error) {
      throw mongoError(error, `Reading ${this.id} by ${this.options.field}`);
    }
    return { records, next: this.mark(progress.value, progress.ids) };
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
      .find({ [field]: { ...condition, ...NO_ARRAY } }, { ...limits, ...options, raw: true, projection: wanted })
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

/** Two values of a state that are one to the server: 5 may be a double and a long. */
function isSame(a: Json | undefined, b: Json): boolean {
  if (a === undefined) return false;
  const [x, y] = [wholeNumber(a), wholeNumber(b)];
  return x !== undefined && y !== undefined ? x === y : canonical(a) === canonical(b);
}

function wholeNumber(encoded: Json): bigint | undefined {
  const { $numberDouble, $numberLong } = encoded as JsonObject;
  if (typeof $numberLong === 'string') return BigInt($numberLong);
  const double = typeof $numberDouble === 'string' ? Number($numberDouble) : Number.NaN;
  return Number.isInteger(double) ? BigInt(double) : undefined;
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
