import type { Document } from 'mongodb';
import type { Column } from '../column.js';
import type { ReadingSettings, TableWish } from '../dialect.js';
import type { Clients } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { mongoError, serverCode } from './errors.js';
import { COLUMNS_MAX, SampleSchema, SCHEMALESS_COLUMNS } from './sample-schema.js';

/** Collections that are sampled at the same time. */
const SAMPLES_AT_ONCE = 3;
/** A sample ends when it has this much: its documents may be large. */
const SAMPLE_BYTES = 16 << 20;
/** Documents by `_id` that stand in for a sample that took too long. */
const FIRST_DOCUMENTS = 100;
const UNAUTHORIZED = 13;
/** Every number in its own type; a text that is no UTF-8 is a text. */
const TYPED = { promoteValues: false, bsonRegExp: true, validation: { utf8: false } } as const;

/** What the catalog is read with. */
export interface CatalogOptions {
  readonly clients: Clients;
  readonly settings: ReadingSettings;
  readonly warn: (message: string) => void;
}

/** The collections and views of the wanted databases. Throws ConnectorError. */
export async function readCatalog(
  options: CatalogOptions,
  wishes: readonly TableWish[] | undefined,
): Promise<Collection[]> {
  const { clients, settings } = options;
  const databases = settings.schemas.length > 0 ? [...settings.schemas] : [clients.config.database];
  for (const { namespace } of wishes ?? []) if (namespace !== undefined) databases.push(namespace);
  const found: Omit<Collection, 'columns' | 'indexed'>[] = [];
  for (const database of new Set(databases)) {
    const listed = await list(clients, database);
    for (const info of listed.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const wish = wishes?.find((each) => each.name === info.name && (each.namespace ?? database) === database);
      if (info.name.startsWith('system.') || (wishes && !wish)) continue;
      const { uuid } = info.info ?? {};
      const why = notResumable(info);
      found.push({
        database,
        name: info.name,
        ...(wish?.columns ? { chosen: wish.columns } : {}),
        ...(uuid ? { uuid: hex(uuid) } : {}),
        ...(why === undefined ? {} : { notResumable: why }),
      });
    }
  }
  return inTurns(found, SAMPLES_AT_ONCE, async (each) => {
    const columns = clients.config.schemaless ? SCHEMALESS_COLUMNS : await sample(options, each);
    return { ...each, columns, indexed: await indexedFields(clients, each) };
  });
}

/** The collection's own number; `''` where the server does not say it, undefined where there is no such collection. */
export async function uuidOf(clients: Clients, { database, name }: Collection): Promise<string | undefined> {
  return uuids(await list(clients, database, name)).get(name);
}

/** The numbers of all collections of a database, by name. */
export async function uuidsIn(clients: Clients, database: string): Promise<Map<string, string>> {
  return uuids(await list(clients, database));
}

function uuids(listed: readonly Document[]): Map<string, string> {
  return new Map(listed.map(({ name, info }) => [name, info?.uuid ? hex(info.uuid) : '']));
}

/** Everything that is listed of a database; only names where the user may not see more. */
async function list(clients: Clients, database: string, name?: string): Promise<Document[]> {
  const filter = name === undefined ? {} : { name };
  try {
    return await clients.query(async ({ client }, { session }) => {
      const ask = (more: object) =>
        client
          .db(database)
          .listCollections(filter, { session, ...more })
          .toArray();
      return ask({}).catch((error) => {
        if (serverCode(error) === UNAUTHORIZED) return ask({ nameOnly: true, authorizedCollections: true });
        throw error;
      });
    });
  } catch (error) {
    throw mongoError(error, `Looking at the collections of ${database}`);
  }
}

function notResumable({ type, idIndex, info, options }: Document): string | undefined {
  if (type === 'view') return 'a view has no index of its own';
  if (type === 'timeseries') return 'a time series has no index of _id';
  // Only names were listed: nothing is known of its indexes, and nearly every collection has this one.
  if (!info || idIndex || options?.clusteredIndex) return undefined;
  return 'it has no index of _id';
}

/** The fields that documents have, as far as a sample shows it. One that took too long is taken from the collection's begin. */
async function sample(
  { clients, warn }: CatalogOptions,
  collection: { database: string; name: string },
): Promise<readonly Column[]> {
  const { sampleSize, sampleSeconds } = clients.config;
  const schema = new SampleSchema();
  const id = collectionId(collection);
  try {
    await clients.query(async ({ client, bson }, { session }) => {
      const source = client.db(collection.database).collection(collection.name);
      const limits = { session, raw: true, maxTimeMS: sampleSeconds * 1000 };
      const read = async (cursor: AsyncIterable<unknown> & { close(): Promise<void> }): Promise<void> => {
        let bytes = 0;
        for await (const document of cursor as AsyncIterable<Uint8Array>) {
          schema.add(bson.deserialize(document, TYPED));
          bytes += document.length;
          if (bytes > SAMPLE_BYTES) break;
        }
        await cursor.close();
      };
      await read(source.aggregate([{ $sample: { size: sampleSize } }], limits)).catch(async (error) => {
        const failure = mongoError(error, `Sampling ${id}`);
        if (failure.kind === 'config') throw failure;
        warn(`${failure.message} The fields are taken from its first ${FIRST_DOCUMENTS} documents.`);
        await read(source.find({}, { ...limits, limit: FIRST_DOCUMENTS }));
      });
    });
  } catch (error) {
    const failure = mongoError(error, `Sampling ${id}`);
    if (serverCode(failure.cause) === undefined) throw failure;
    // The collection stays in the catalog: reading it says what is wrong, and the others go on.
    warn(`${failure.message} Nothing but its _id is known of it.`);
  }
  if (schema.omitted > 0)
    warn(
      `${id} has more than ${COLUMNS_MAX} different fields: the rest is left out. 'schemaless: true' reads whole documents.`,
    );
  return schema.columns();
}

/** Fields that an index begins with. What the user may not see counts as not indexed. */
async function indexedFields(
  clients: Clients,
  { database, name }: { database: string; name: string },
): Promise<Set<string>> {
  const fields = new Set<string>();
  try {
    const indexes = await clients.query(({ client }, { session }) =>
      client.db(database).collection(name).indexes({ session }),
    );
    for (const { key, sparse, partialFilterExpression } of indexes) {
      const [first] = Object.entries(key as Record<string, unknown>);
      const isPlain = first && (first[1] === 1 || first[1] === -1);
      if (isPlain && !sparse && !partialFilterExpression) fields.add(first[0]);
    }
  } catch {
    return fields;
  }
  return fields;
}

function hex(uuid: { toString(encoding: 'hex'): string }): string {
  return uuid.toString('hex');
}

/** Does something with every item, a few at the same time, and keeps their order. */
async function inTurns<T, R>(items: readonly T[], atOnce: number, step: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await step(items[i]!);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return results;
}
