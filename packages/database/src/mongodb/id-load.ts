import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import type { Column } from '../column.js';
import { rangesUpTo } from '../cursors/range-list.js';
import { type Chunk, PartChanged, type PlannedPart, type ReadingSettings, type TableLoad } from '../dialect.js';
import type { Identity, Part } from '../state.js';
import { uuidOf } from './catalog.js';
import type { Clients, Opened } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { mongoError } from './errors.js';
import { idCuts } from './id-cuts.js';
import { type Bound, BRACKETS, type Bracket, bracketOf, within } from './id-order.js';
import { decodeId, encodeId } from './id-position.js';
import { PageReader } from './page-reader.js';
import type { RecordMaker } from './record-maker.js';

/** What reads a collection. */
export interface LoadOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly collection: Collection;
  readonly columns: readonly Column[];
  readonly records: RecordMaker;
  /** The fields to ask for; absent: whole documents. */
  readonly projection?: Record<string, 1>;
}

const BY_ID: Record<string, 1> = { _id: 1 };
const IDENTITY: Identity = { kind: 'mongo_id' };

/**
 * A collection in the order of `_id`, one page a query: `_id > last, _id <= end, sort _id`. A comparison sees one type only,
 * so that each type has its turn, from the first document's to that of the upper bound.
 */
export class IdLoad implements TableLoad {
  private readonly id: string;

  constructor(private readonly options: LoadOptions) {
    this.id = collectionId(options.collection);
  }

  async begin(known?: ReadonlySet<string>): Promise<PlannedPart[]> {
    const { clients, settings, collection } = this.options;
    if (known?.has(collection.name)) return [];
    // The one that is there now, which may be another one than the catalog had, and before its ends are looked up.
    const uuid = (await uuidOf(clients, collection)) ?? collection.uuid;
    const [first, last] = [await this.end(1), await this.end(-1)];
    if (!first || !last) return [{ id: collection.name, identity: IDENTITY, ranges: [] }];
    const cuts = await idCuts(clients, settings, collection, [first.position, last.position]);
    const owner = uuid ? { collection: uuid } : {};
    const owned = (position: JsonObject): JsonObject => ({ ...position, ...owner });
    return [{ id: collection.name, identity: IDENTITY, ranges: rangesUpTo(owned(last.position), cuts.map(owned)) }];
  }

  async changed(part: Part): Promise<string | undefined> {
    if (part.identity.kind !== 'mongo_id')
      return `it was read by ${part.identity.kind} before, and is read by its _id now`;
    return this.replaced(part.ranges.at(-1)?.hi ?? null);
  }

  async replan(): Promise<PlannedPart> {
    return (await this.begin())[0]!;
  }

  cut(): undefined {
    return undefined;
  }

  async *read({ range }: Chunk, { signal }: { signal: AbortSignal }): AsyncIterable<Page> {
    const { clients, settings, collection } = this.options;
    const opened = await this.open();
    const hi = decodeId(opened.bson, range.hi, this.id);
    let after = decodeId(opened.bson, range.pos ?? range.lo, this.id);
    const last = hi ? this.bracket(hi) : 'maxKey';
    let bracket = after ? this.bracket(after) : (await this.end(1))?.bracket;
    const reader = new PageReader(clients, settings, collection);
    while (bracket !== undefined) {
      const bounds = { ...(after ? { after } : {}), ...(hi && bracket === last ? { upTo: hi } : {}) };
      const condition = within(bracket, opened.types, bounds);
      const isLast = BRACKETS.indexOf(bracket) >= BRACKETS.indexOf(last);
      const { documents, more } = condition
        ? await reader.next({ ...this.query, filter: { _id: condition } }, signal)
        : { documents: [], more: false };
      await this.verify(range.hi);
      const records = documents.map((document) => this.record(opened, document));
      const end = documents.at(-1);
      if (isLast && !more) {
        yield { records };
        return;
      }
      if (end) {
        const next = encodeId(opened.bson, end, this.id);
        yield { records, next };
        after = decodeId(opened.bson, next, this.id);
      }
      if (signal.aborted) return;
      if (more) continue;
      bracket = BRACKETS[BRACKETS.indexOf(bracket) + 1];
      after = undefined;
    }
    await this.verify(range.hi);
    yield { records: [] };
  }

  private get query() {
    return { sort: BY_ID, hint: BY_ID, ...(this.options.projection ? { projection: this.options.projection } : {}) };
  }

  private open(): Promise<Opened> {
    return this.options.clients.open();
  }

  private record({ bson }: Opened, document: Uint8Array) {
    try {
      return this.options.records.fromBson(bson, document);
    } catch (error) {
      throw mongoError(error, `Reading ${this.id}`);
    }
  }

  private bracket({ value }: Bound): Bracket {
    const bracket = bracketOf(value);
    if (bracket) return bracket;
    throw new ConnectorError(
      'config',
      `${this.id} has an '_id' of a type that cannot be read in order (${String(value)}).`,
    );
  }

  /**
   * The first or last document's `_id`, by the index; undefined in an empty collection. The one beside it is looked at as
   * well: the greatest value there can be (MaxKey) hides a last type that cannot be read.
   */
  private async end(direction: 1 | -1): Promise<{ position: JsonObject; bracket: Bracket } | undefined> {
    const { clients, collection } = this.options;
    try {
      const documents = await clients.query(({ client }, options) =>
        client
          .db(collection.database)
          .collection(collection.name)
          .find({}, { ...options, raw: true, sort: { _id: direction }, hint: BY_ID, projection: BY_ID, limit: 2 })
          .toArray(),
      );
      const { bson } = await this.open();
      const ends = (documents as unknown as Uint8Array[]).map((document) => {
        const position = encodeId(bson, document, this.id);
        return { position, bracket: this.bracket(decodeId(bson, position, this.id)!) };
      });
      return ends[0];
    } catch (error) {
      throw mongoError(error, `Looking for the end of ${this.id}`);
    }
  }

  /** A collection that was dropped answers as an empty one does: that must not pass for its end. */
  private async verify(hi: Json): Promise<void> {
    const reason = await this.replaced(hi);
    if (reason !== undefined) throw new PartChanged(reason);
  }

  /** Why the collection is another one than the bound was made for; throws when there is none. */
  private async replaced(hi: Json): Promise<string | undefined> {
    const { clients, collection } = this.options;
    const uuid = await uuidOf(clients, collection);
    if (uuid === undefined) {
      throw new ConnectorError(
        'config',
        `The collection ${this.id} does not exist any more: it was dropped or renamed. Discover the collections again; what was read of it stays.`,
      );
    }
    const before = hi !== null && typeof hi === 'object' && 'collection' in hi ? hi.collection : undefined;
    const isAnother = typeof before === 'string' && uuid !== '' && before !== uuid;
    return isAnother ? 'the collection was dropped and made again' : undefined;
  }
}
