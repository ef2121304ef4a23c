import type { Page, RecordData } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import { rowDecoder } from '../row-decoder.js';
import type { Clients, RawRow } from './clients.js';
import { mysqlError } from './errors.js';
import type { MysqlColumn } from './types.js';

/** What reads a statement as its rows come. */
export interface StreamOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly columns: readonly MysqlColumn[];
  readonly signal: AbortSignal;
  readonly doing: string;
}

/** The pages of one statement, taken from the server as they are wanted. None has a position: it is read whole or not at all. */
export async function* streamRows(options: StreamOptions, sql: string): AsyncIterable<Page> {
  const { clients, settings, columns, signal, doing } = options;
  const record = rowDecoder(columns);
  const client = await clients.take();
  let isWhole = false;
  try {
    const rows = client.query({ sql, rowsAsArray: true, typeCast: false }).stream({ highWaterMark: 1_000 });
    // A session that was lost tells it by itself, not by the query.
    client.once('error', (error) => rows.destroy(error));
    let records: RecordData[] = [];
    let bytes = 0;
    for await (const row of rows as AsyncIterable<RawRow>) {
      if (signal.aborted) return;
      for (const value of row) bytes += value?.length ?? 0;
      records.push(record(columns.map((column, i) => row[i]?.toString(column.isBinary ? 'base64' : 'utf8') ?? null)));
      if (records.length < settings.page_rows && bytes < settings.page_bytes) continue;
      yield { records, more: true };
      records = [];
      bytes = 0;
    }
    isWhole = true;
    yield { records };
  } catch (error) {
    throw mysqlError(error, doing);
  } finally {
    clients.release(client, !isWhole);
  }
}
