import type { Page, RecordData } from '@tidemark/source';
import type { ReadingSettings } from '../dialect.js';
import { rowDecoder } from '../row-decoder.js';
import { type Piece, packedTexts, RowPacker } from '../spool/piece.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { spooled } from '../spool/spooled.js';
import { sqlServerError } from './errors.js';
import type { Sessions } from './sessions.js';
import type { SqlServerColumn } from './types.js';

/** The server's own form of a text: halves of characters, which it may hold, stay what they are. */
const ENCODING = 'utf16le';

/** What reads a table that nothing can be paged by. */
export interface WholeTable {
  readonly sessions: Sessions;
  readonly settings: ReadingSettings;
  readonly spool: SpoolSpace;
  readonly columns: readonly SqlServerColumn[];
  readonly signal: AbortSignal;
  readonly doing: string;
}

/** The pages of one statement, through a spool: it lasts as long as the server needs for it, however slow the destination is. */
export async function* wholeTable(from: WholeTable, sql: string): AsyncIterable<Page> {
  const { settings, spool: space, columns, signal, doing } = from;
  const record = rowDecoder(columns);
  const encodings = columns.map(() => ENCODING) as BufferEncoding[];
  const through = { space, doing, memoryBytes: settings.page_bytes, signal };
  try {
    for await (const piece of spooled(through, (stop, spare) => packedRows(from, sql, stop, spare))) {
      const records: RecordData[] = [];
      for (const texts of packedTexts(piece, encodings)) records.push(record(texts));
      yield piece.isLast ? { records } : { records, more: true };
    }
  } catch (error) {
    throw sqlServerError(error, doing);
  }
}

async function* packedRows(
  { sessions, settings, columns }: WholeTable,
  sql: string,
  stop: AbortSignal,
  spare: () => Buffer | undefined,
): AsyncGenerator<Piece> {
  const packer = new RowPacker(settings.page_rows, settings.page_bytes, spare);
  const session = await sessions.take();
  let isHeld = true;
  const release = (isBroken: boolean): void => {
    if (isHeld) session.release(isBroken);
    isHeld = false;
  };
  const cancel = (): void => release(true);
  stop.addEventListener('abort', cancel);
  try {
    if (stop.aborted) return;
    for await (const row of session.rows(sql)) {
      const values = row.map((text) => (text === null ? null : Buffer.from(text, ENCODING)));
      if (packer.add(values, columns.length)) yield packer.take(false);
    }
    release(false);
    yield packer.take(true);
  } finally {
    stop.removeEventListener('abort', cancel);
    release(true);
  }
}
