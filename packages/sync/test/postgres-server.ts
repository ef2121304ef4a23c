import pg from 'pg';
import type { Server } from '../../../scripts/servers/supervised.mjs';

/** A new, empty database on the server; its URL. */
export async function newDatabase(server: Server, name: string): Promise<string> {
  await ask(server.url, `CREATE DATABASE ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Asks a database in a connection of its own: every value as the server's text. */
export async function ask(url: string, sql: string, values?: unknown[]): Promise<Record<string, string | null>[]> {
  const client = new pg.Client({
    connectionString: url,
    types: { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig,
  });
  // A server that is stopped meanwhile says so to everyone.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query("SET TimeZone = 'UTC'");
    return (await client.query<Record<string, string | null>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** The rows of a table as somebody reads them who knows nothing of Tidemark; undefined when there is no such table. */
export async function readTable(url: string, name: string): Promise<Record<string, string | null>[] | undefined> {
  const found = await ask(url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = $1", [name]);
  if (found.length === 0) return undefined;
  return ask(url, `SELECT * FROM "${name}" ORDER BY _airbyte_raw_id`);
}
