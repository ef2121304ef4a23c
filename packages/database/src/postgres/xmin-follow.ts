import type { Json, JsonObject } from '@tidemark/protocol';
import type { Page } from '@tidemark/source';
import { type Follow, PartChanged } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import { PageMaker } from './copied-page.js';
import { ctidPages } from './ctid-pages.js';
import { postgresError } from './errors.js';
import type { Server } from './load.js';
import { lateSince, type Moment, momentOf, takeMoment } from './moment.js';
import type { Relation } from './relation.js';
import { ReaderSession } from './session.js';
import { fileOf, sizeOf } from './statements.js';
import type { PostgresColumn } from './types.js';

const REWRITES_MAX = 5;

/**
 * Following by transaction ids, for tables without anything better: the whole table is scanned, block after block, for rows
 * of transactions that were not over when the mark was made. Deleted rows are not seen. The mark moves at the end only.
 */
export class XminFollow implements Follow {
  readonly kind = 'xmin';
  readonly atOnce = false;
  private readonly maker: PageMaker;
  private readonly names: readonly string[];

  constructor(
    private readonly server: Server,
    private readonly table: CatalogTable,
    columns: readonly PostgresColumn[],
  ) {
    this.maker = new PageMaker(columns);
    this.names = columns.map((column) => column.name);
  }

  async start(): Promise<Json> {
    return markOf(await this.moment());
  }

  accept(mark: Json): string | undefined {
    return xminOf(mark).floor === null ? 'its mark has no transaction id' : undefined;
  }

  async *read(mark: Json, { signal }: { signal: AbortSignal }): AsyncGenerator<Page & { next: Json }> {
    const now = await this.moment();
    // Without it every row is read.
    const filter = lateSince(xminOf(mark), BigInt(now.next));
    for (const leaf of this.table.leaves) {
      for await (const page of this.scan(leaf, filter, signal)) yield Object.assign(page, { next: mark });
    }
    yield { records: [], next: markOf(now) };
  }

  /** A leaf that is rewritten while it is scanned is scanned again: rows may come twice, none is missed. */
  private async *scan(leaf: Relation, filter: string | undefined, signal: AbortSignal): AsyncGenerator<Page> {
    for (let tries = 0; ; tries++) {
      const filenode = await this.value(fileOf(leaf));
      if (filenode === null) return;
      const session = new ReaderSession(this.server.clients, `Reading ${leaf.id}`);
      const { settings, tidRanges } = this.server;
      const range = { lo: null, hi: null, pos: null, rows: 0, done: false };
      const chunk = { part: leaf.id, identity: { kind: 'ctid' as const, filenode: Number(filenode) }, range };
      const blocksNow = async () => Number(await this.value(sizeOf(leaf)));
      const filenodeNow = () => this.value(fileOf(leaf));
      const from = { relation: leaf, columns: this.names, session, makePage: this.maker, settings, tidRanges };
      try {
        yield* ctidPages(chunk, { ...from, blocksNow, filenodeNow, filter }, signal);
        return;
      } catch (error) {
        if (!(error instanceof PartChanged) || tries >= REWRITES_MAX) throw error;
      } finally {
        session.close();
      }
    }
  }

  private async moment(): ReturnType<typeof takeMoment> {
    try {
      return await takeMoment(this.server.clients);
    } catch (error) {
      throw postgresError(error, `Reading ${this.table.relation.id}`);
    }
  }

  private async value(text: string): Promise<string | null> {
    const [row] = await this.query<Record<string, string | null>>(text);
    return (row && Object.values(row)[0]) ?? null;
  }

  private async query<Row extends object>(text: string): Promise<Row[]> {
    try {
      return await this.server.clients.query<Row>(text);
    } catch (error) {
      throw postgresError(error, `Reading ${this.table.relation.id}`);
    }
  }
}

function xminOf(mark: Json): Moment {
  const { xmin, ...rest } = (mark ?? {}) as JsonObject;
  return momentOf({ ...rest, ...(xmin === undefined ? {} : { floor: xmin }) });
}

/** Airbyte's name for the oldest transaction that was open. */
function markOf({ floor, next, open }: Moment): JsonObject {
  return { xmin: floor, next, open: open as string[] | null };
}
