import type { Connection } from '@tidemark/source';
import { lastStates, type Sent, type Transcript, transcript } from '@tidemark/source/testing';
import { createConnection } from 'mysql2/promise';
import { createDatabaseSource, type DatabaseSettings } from '../../src/index.js';
import { type Address, context, type Opened } from '../reading.js';

export type Flavour = 'mysql' | 'mariadb';

/** Runs statements as the owner of everything; gives the last one's rows. */
export async function run(server: Address, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const { host, port, user, password, database } = server;
  const client = await createConnection({ host, port, user, password, database });
  try {
    await client.query("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'");
    let rows: unknown = [];
    for (const statement of statements) [rows] = await client.query(statement);
    return rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** Connects to a server as a source. */
export async function open(
  flavour: Flavour,
  server: Address,
  settings: Partial<DatabaseSettings> = {},
  config: Record<string, string | number> = {},
): Promise<Opened> {
  const source = await createDatabaseSource({ dialect: flavour, ...settings });
  const { host, port, database, user: username, password } = server;
  const logs: string[] = [];
  return {
    connection: await source.connect({ host, port, database, username, password, ...config }, context(logs)),
    logs,
  };
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

/** The values of a column in the records that were sent, in order. */
export function column(sent: readonly Sent[], name: string): unknown[] {
  return sent.flatMap((message) => (message.kind === 'record' ? [message.record[name]] : []));
}

/** The stream's last state as the options of the next read. */
export function after(before: Transcript): { states: ReturnType<typeof lastStates> } {
  return { states: lastStates(before.sent) };
}
