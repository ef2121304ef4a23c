import { setTimeout as sleep } from 'node:timers/promises';
import type { Sort } from 'mongodb';
import type { ReadingSettings } from '../dialect.js';
import { PageSize } from '../page-size.js';
import type { Clients } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { isWorthAnotherTry, mongoError } from './errors.js';
import { isSameId } from './id-position.js';
import { DECODING } from './values.js';

const TRIES = 5;
const WAIT_MS = 200;
/** The first page is small: what a document weighs is not known yet. */
const FIRST_DOCUMENTS = 500;

/** What a page asks for. */
export interface PageQuery {
  readonly filter: Record<string, unknown>;
  readonly sort: Record<string, 1 | -1>;
  readonly projection?: Record<string, 1>;
  readonly hint?: Record<string, 1>;
}

/** The documents of a page as BSON. `more`: the query was broken off before its end, between two different `_id`s. */
export interface RawPage {
  readonly documents: readonly Uint8Array[];
  readonly more: boolean;
}

/** Reads one page after the other, each by a query of its own that is as large as the ones before it allow. */
export class PageReader {
  private readonly size: PageSize;
  private readonly doing: string;

  constructor(
    private readonly clients: Clients,
    private readonly settings: ReadingSettings,
    private readonly collection: Collection,
  ) {
    this.size = new PageSize(settings, Math.min(FIRST_DOCUMENTS, settings.page_rows), settings.page_rows);
    this.doing = `Reading ${collectionId(collection)}`;
  }

  /** Throws ConnectorError: a query that failed is never taken for the end of the collection. */
  async next(query: PageQuery, signal: AbortSignal): Promise<RawPage> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.fetch(query, this.size.units);
      } catch (error) {
        if (tries >= TRIES || signal.aborted || !isWorthAnotherTry(error)) throw mongoError(error, this.doing);
        this.size.shrink();
        await sleep(WAIT_MS * 2 ** (tries - 1));
      }
    }
  }

  private fetch({ filter, sort, projection, hint }: PageQuery, units: number): Promise<RawPage> {
    const { database, name } = this.collection;
    return this.clients.query(async ({ client, bson }, options) => {
      const begun = performance.now();
      const cursor = client
        .db(database)
        .collection(name)
        .find(filter, { ...options, raw: true, sort: sort as Sort, projection, hint, batchSize: units + 1 });
      const documents: Uint8Array[] = [];
      const idOf = (document: Uint8Array): unknown => bson.deserialize(document, DECODING)._id;
      let bytes = 0;
      let more = false;
      try {
        for await (const document of cursor as AsyncIterable<unknown> as AsyncIterable<Uint8Array>) {
          const isFull = documents.length >= units || bytes >= this.settings.page_bytes;
          // Two shards may have documents of the same `_id`: no position lies between them.
          if (isFull && !isSameId(bson, idOf(documents.at(-1)!), idOf(document))) {
            more = true;
            break;
          }
          documents.push(document);
          bytes += document.length;
        }
      } finally {
        await cursor.close();
      }
      const seconds = (performance.now() - begun) / 1000;
      this.size.took(Math.max(1, documents.length), { rows: documents.length, bytes, seconds });
      return { documents, more };
    });
  }
}
