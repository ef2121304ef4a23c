import type { Page, RecordData } from '@tidemark/source';
import type { PlannedPart, TableLoad } from '../dialect.js';
import { type Piece, packedValues, RowPacker } from '../spool/piece.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { spooled } from '../spool/spooled.js';
import { collectionId } from './collection.js';
import { mongoError } from './errors.js';
import type { LoadOptions } from './id-load.js';

/** A collection or view that has no index of `_id` to go on by: one query, from its beginning each time. */
export function wholeLoad(options: LoadOptions, spool: SpoolSpace): TableLoad {
  const part: PlannedPart = {
    id: options.collection.name,
    identity: { kind: 'whole' },
    ranges: [{ lo: null, hi: null }],
  };
  return {
    begin: async () => [part],
    changed: async () => undefined,
    replan: async () => part,
    cut: () => undefined,
    read: (_chunk, { signal }) => readWhole(options, spool, signal),
  };
}

/** Through a spool: the server forgets a cursor that nobody asks for ten minutes. */
async function* readWhole(options: LoadOptions, space: SpoolSpace, signal: AbortSignal): AsyncIterable<Page> {
  const { clients, settings, collection, records: maker } = options;
  const doing = `Reading ${collectionId(collection)}`;
  const { bson } = await clients.open();
  const through = { space, doing, memoryBytes: settings.page_bytes, signal, long: clients.long };
  try {
    for await (const piece of spooled(through, (stop, spare) => packedDocuments(options, stop, spare))) {
      const records: RecordData[] = [];
      for (const document of packedValues(piece)) records.push(maker.fromBson(bson, document));
      yield piece.isLast ? { records } : { records, more: true };
    }
  } catch (error) {
    throw mongoError(error, doing);
  }
}

async function* packedDocuments(
  { clients, settings, collection, projection }: LoadOptions,
  stop: AbortSignal,
  spare: () => Buffer | undefined,
): AsyncGenerator<Piece> {
  const { client } = await clients.open();
  const found = client.db(collection.database).collection(collection.name).find({}, { raw: true, projection });
  const cursor = found.batchSize(settings.page_rows) as AsyncIterable<unknown> as AsyncIterable<Uint8Array>;
  const packer = new RowPacker(settings.page_rows, settings.page_bytes, spare);
  const cancel = (): void => void found.close().catch(() => undefined);
  stop.addEventListener('abort', cancel);
  try {
    if (stop.aborted) return;
    for await (const document of cursor) if (packer.add([document])) yield packer.take(false);
    yield packer.take(true);
  } finally {
    stop.removeEventListener('abort', cancel);
    await found.close();
  }
}
