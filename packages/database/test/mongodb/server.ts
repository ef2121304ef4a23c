import type { JsonObject } from '@tidemark/protocol';
import type { Connection } from '@tidemark/source';
import { lastStates, type Sent, type Transcript, transcript } from '@tidemark/source/testing';
import { type Db, MongoClient } from 'mongodb';
import { createDatabaseSource, type DatabaseSettings } from '../../src/index.js';
import { type Address, context, type Opened } from '../reading.js';

/** Does something in the database. */
export async function inDatabase<T>({ url, database }: Address, work: (db: Db) => Promise<T>): Promise<T> {
  const client = new MongoClient(url);
  try {
    return await work(client.db(database));
  } finally {
    await client.close();
  }
}

/** Writes documents as they are, `_id: null` too. */
export async function fill(server: Address, name: string, documents: readonly object[]): Promise<void> {
  await inDatabase(server, async (db) => {
    for (const document of documents)
      await db.collection(name).insertOne(document as never, { forceServerObjectId: true });
  });
}

/** Connects to a server as a source. */
export async function open(
  server: Address,
  settings: Partial<DatabaseSettings> = {},
  config: JsonObject = {},
  forCheck = false,
): Promise<Opened> {
  const source = await createDatabaseSource({ dialect: 'mongodb', ...settings });
  const { host, port, database } = server;
  const logs: string[] = [];
  return { connection: await source.connect({ host, port, database, ...config }, context(logs), { forCheck }), logs };
}

/** One stream of a connection, read from a state. */
export function readStream(
  { streams }: Connection,
  name: string,
  options: Parameters<typeof transcript>[1] = {},
): Promise<Transcript> {
  return transcript(
    streams.filter((stream) => stream.name === name),
    options,
  );
}

/** The values of a field in the records that were sent, in order. */
export function column(sent: readonly Sent[], name: string): unknown[] {
  return sent.flatMap((message) => (message.kind === 'record' ? [message.record[name]] : []));
}

/** The stream's last state as the options of the next read. */
export function after(before: Transcript): { states: ReturnType<typeof lastStates> } {
  return { states: lastStates(before.sent) };
}
