import type { Page } from '@tidemark/source';
import type { PlannedPart, TableLoad } from '../dialect.js';
import type { SpoolSpace } from '../spool/spool-space.js';
import { collectionId } from './collection.js';
import { mongoError } from './errors.js';
import type { LoadOptions } from './id-load.js';
import { spooledDocuments } from './spooled-documents.js';

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

async function* readWhole(options: LoadOptions, space: SpoolSpace, signal: AbortSignal): AsyncIterable<Page> {
  const { clients, settings, collection, records: maker, projection } = options;
  const doing = `Reading ${collectionId(collection)}`;
  const { bson, client } = await clients.open();
  const find = async () =>
    client.db(collection.database).collection(collection.name).find({}, { raw: true, projection });
  try {
    for await (const { documents, isLast } of spooledDocuments({ clients, settings, space, doing, signal, find })) {
      const records = documents.map((document) => maker.fromBson(bson, document));
      yield isLast ? { records } : { records, more: true };
    }
  } catch (error) {
    throw mongoError(error, doing);
  }
}
