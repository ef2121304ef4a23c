import type { Page, RecordData } from '@tidemark/source';
import type { PlannedPart, TableLoad } from '../dialect.js';
import { collectionId } from './collection.js';
import { mongoError } from './errors.js';
import type { LoadOptions } from './id-load.js';

/** A collection or view that has no index of `_id` to go on by: one query, from its beginning each time. */
export function wholeLoad(options: LoadOptions): TableLoad {
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
    read: (_chunk, { signal }) => readWhole(options, signal),
  };
}

async function* readWhole(options: LoadOptions, signal: AbortSignal): AsyncIterable<Page> {
  const { clients, settings, collection, records: maker, projection } = options;
  const doing = `Reading ${collectionId(collection)}`;
  const { client, bson } = await clients.open();
  const found = client.db(collection.database).collection(collection.name).find({}, { raw: true, projection });
  const cursor = found.batchSize(settings.page_rows) as AsyncIterable<unknown> as AsyncIterable<Uint8Array>;
  try {
    let records: RecordData[] = [];
    let bytes = 0;
    for await (const document of cursor) {
      if (signal.aborted) return;
      records.push(maker.fromBson(bson, document));
      bytes += document.length;
      if (records.length < settings.page_rows && bytes < settings.page_bytes) continue;
      yield { records, more: true };
      records = [];
      bytes = 0;
    }
    yield { records };
  } catch (error) {
    throw mongoError(error, doing);
  } finally {
    await found.close();
  }
}
