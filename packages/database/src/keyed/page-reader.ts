import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, RecordData } from '@tidemark/source';
import { PageSize } from '../page-size.js';
import { rowDecoder } from '../row-decoder.js';
import type { FetchedTexts, KeyedColumn, KeyedServer, KeyedSession } from './keyed-server.js';

const TRIES = 5;
const WAIT_MS = 200;
/** The first page is small: what a row weighs is not known yet. */
const FIRST_ROWS = 500;
/** A page that weighs this many times what it should is broken off. */
const OVERWEIGHT = 4;

/** A page with the last row's place in the order that it was read in. */
export interface PlacedPage {
  page: Page;
  /** Texts of the order's columns in the last row; undefined when there was no row. */
  last: string[] | undefined;
  /** The texts of the order's columns in every row, where they were asked for. */
  places: string[][];
  /** There may be more rows. */
  more: boolean;
}

/** Reads one statement after the other on a session of its own, each as large as the ones before it allow. */
export class PageReader<C extends KeyedColumn> {
  private session: KeyedSession<C> | undefined;
  private readonly size: PageSize;
  private readonly record: (texts: (string | null)[]) => RecordData;

  constructor(
    private readonly server: KeyedServer<C>,
    private readonly columns: readonly C[],
    /** Columns that are selected behind the record's own, and give the place. */
    private readonly placeCount: number,
    private readonly doing: string,
  ) {
    const { settings } = server;
    this.size = new PageSize(settings, Math.min(FIRST_ROWS, settings.page_rows), settings.page_rows);
    this.record = rowDecoder(columns);
  }

  /** `statement` is asked for the SQL with its limit. Throws ConnectorError. */
  async next(statement: (limit: number) => string, signal: AbortSignal, keepPlaces = false): Promise<PlacedPage> {
    const limit = this.size.units;
    const { rows, isCut, asked } = await this.fetch(statement, limit, signal);
    const { length } = this.columns;
    const records: RecordData[] = [];
    const places: string[][] = [];
    let last: string[] | undefined;
    for (const row of rows) {
      records.push(this.record(row));
      if (this.placeCount === 0) continue;
      last = row.slice(length, length + this.placeCount).map((text) => text ?? '');
      if (keepPlaces) places.push(last);
    }
    return { page: { records }, last, places, more: isCut || rows.length >= asked };
  }

  /** The session is given back. */
  close(): void {
    this.session?.release(false);
    this.session = undefined;
  }

  private async fetch(
    statement: (limit: number) => string,
    limit: number,
    signal: AbortSignal,
  ): Promise<FetchedTexts & { asked: number }> {
    const { server, columns, placeCount } = this;
    const bytesMax = server.settings.page_bytes * OVERWEIGHT;
    let asked = limit;
    for (let tries = 1; ; tries++) {
      try {
        this.session ??= await server.session();
        const from = performance.now();
        const fetched = await this.session.fetch(statement(asked), columns, placeCount, bytesMax);
        if (fetched.isCut) this.discard();
        const seconds = (performance.now() - from) / 1000;
        const { rows, bytes, isCut } = fetched;
        this.size.took(isCut ? rows.length : asked, { rows: rows.length, bytes, seconds });
        return { ...fetched, asked };
      } catch (error) {
        this.discard();
        if (tries >= TRIES || signal.aborted || !server.isWorthAnotherTry(error)) throw server.error(error, this.doing);
        this.size.shrink();
        asked = this.size.units;
        await sleep(WAIT_MS * 2 ** (tries - 1));
      }
    }
  }

  private discard(): void {
    this.session?.release(true);
    this.session = undefined;
  }
}
