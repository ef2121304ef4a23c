import type { FindCursor } from 'mongodb';
import type { ReadingSettings } from '../dialect.js';
import { type Piece, packedValues, RowPacker } from '../spool/piece.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { spooled } from '../spool/spooled.js';
import type { Clients } from './clients.js';

/** How the documents of a query are read. */
export interface SpooledQuery {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly space: SpoolSpace;
  /** For messages: `Reading shop.orders`. */
  readonly doing: string;
  readonly signal: AbortSignal;
  /** Makes the query; its documents have to come as BSON (`raw`). */
  readonly find: () => Promise<FindCursor>;
}

/** Documents as BSON, valid until the next ones are asked for. */
export interface SpooledDocuments {
  readonly documents: readonly Uint8Array[];
  readonly isLast: boolean;
}

/**
 * The documents of one query that nothing can go on in the middle of, in its order, through a spool: the cursor is read to its
 * end as fast as the server gives it, however slow the destination is. The server forgets one that nobody asks for ten minutes.
 */
export async function* spooledDocuments(query: SpooledQuery): AsyncGenerator<SpooledDocuments, void, undefined> {
  const { clients, settings, space, doing, signal } = query;
  const through = { space, doing, memoryBytes: settings.page_bytes, signal, long: clients.long };
  for await (const piece of spooled(through, (stop, spare) => packed(query, stop, spare)))
    yield { documents: [...packedValues(piece)], isLast: piece.isLast };
}

async function* packed(
  { find, settings }: SpooledQuery,
  stop: AbortSignal,
  spare: () => Buffer | undefined,
): AsyncGenerator<Piece> {
  const cursor = (await find()).batchSize(settings.page_rows);
  const packer = new RowPacker(settings.page_rows, settings.page_bytes, spare);
  const cancel = (): void => void cursor.close().catch(() => undefined);
  stop.addEventListener('abort', cancel);
  try {
    if (stop.aborted) return;
    for await (const document of cursor as AsyncIterable<unknown> as AsyncIterable<Uint8Array>)
      if (packer.add([document])) yield packer.take(false);
    yield packer.take(true);
  } finally {
    stop.removeEventListener('abort', cancel);
    await cursor.close();
  }
}
