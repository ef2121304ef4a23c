import type { Page, RecordData } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import { rowDecoder } from '../row-decoder.js';
import { packedTexts } from '../spool/piece.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { spooled } from '../spool/spooled.js';
import type { Clients } from './clients.js';
import { mysqlError } from './errors.js';
import { packedRows } from './packed-rows.js';
import type { MysqlColumn } from './types.js';

/** What reads a statement as its rows come. */
export interface StreamOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly spool: SpoolSpace;
  readonly columns: readonly MysqlColumn[];
  readonly signal: AbortSignal;
  readonly doing: string;
}

/**
 * The pages of one statement, through a spool: it lasts as long as the server needs for it, however slow the destination is.
 * No page has a position: the table is read whole or not at all.
 */
export async function* streamRows(options: StreamOptions, sql: string): AsyncIterable<Page> {
  const { clients, settings, spool: space, columns, signal, doing } = options;
  const record = rowDecoder(columns);
  const encodings = columns.map(({ isBinary }) => (isBinary ? 'base64' : 'utf8'));
  const through = { space, doing, memoryBytes: settings.page_bytes, signal, long: clients.long };
  const width = columns.length;
  try {
    const pieces = spooled(through, (stop, spare) => packedRows({ clients, settings, width, stop, spare }, sql));
    for await (const piece of pieces) {
      const records: RecordData[] = [];
      for (const texts of packedTexts(piece, encodings)) records.push(record(texts));
      yield piece.isLast ? { records } : { records, more: true };
    }
  } catch (error) {
    throw mysqlError(error, doing);
  }
}
