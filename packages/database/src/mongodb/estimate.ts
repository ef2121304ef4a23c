import type { StreamEstimate } from '@tidemark/source';
import type { Clients } from './clients.js';
import type { Collection } from './collection.js';

/**
 * What the server keeps of a collection without counting: the number of its documents, and their size before compression.
 * Undefined where it says nothing: of a view, of an empty collection, to a user without the right to ask.
 */
export async function estimateOf(
  clients: Clients,
  { database, name }: Collection,
): Promise<StreamEstimate | undefined> {
  try {
    const { count, size } = await clients.query(({ client }, { session }) =>
      client.db(database).command({ collStats: name }, { session, readPreference: client.readPreference }),
    );
    const [rows, bytes] = [Number(count ?? 0), Number(size ?? 0)];
    return rows > 0 ? { rows, ...(bytes > 0 ? { bytes } : {}) } : undefined;
  } catch {
    return undefined;
  }
}
