import type { Json, JsonObject } from '@tidemark/protocol';
import type { Page } from '@tidemark/source';
import { type Follow, PartChanged } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import { PageMaker } from './copied-page.js';
import { ctidPages } from './ctid-pages.js';
import { postgresError } from './errors.js';
import type { Server } from './load.js';
import type { Relation } from './relation.js';
import { ReaderSession } from './session.js';
import { fileOf, MOMENT, sizeOf, youngerThan } from './statements.js';
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
    return { xmin: (await this.moment()).floor };
  }

  accept(mark: Json): string | undefined {
    return xminOf(mark) === undefined ? 'its mark has no transaction id' : undefined;
  }

  async *read(mark: Json, { signal }: { signal: AbortSignal }): AsyncGenerator<Page & { next: Json }> {
    const before = xminOf(mark)!;
    const { floor, next } = await this.moment();
    // Without it every row is read.
    const filter = youngerThan(before, next);
    for (const leaf of this.table.leaves) {
      for await (const page of this.scan(leaf, filter, signal)) yield Object.assign(page, { next: mark });
    }
    yield { records: [], next: { xmin: floor } };
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

  private async moment(): Promise<{ floor: string; next: bigint }> {
    const [row] = await this.query<{ floor: string; next: string }>(MOMENT);
    return { floor: row!.floor, next: BigInt(row!.next) };
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

function xminOf(mark: Json): bigint | undefined {
  const text = (mark as JsonObject | null)?.xmin;
  return typeof text === 'string' && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
