import { type JsonObject, type StreamDescription, type SyncMode, streamKey } from '@tidemark/protocol';
import { type Connection, type ConnectorError, discover, type RunContext, read, type Sink } from '@tidemark/source';
import { rows, type Sent } from '@tidemark/source/testing';
import { Client } from 'pg';
import { createDatabaseSource, type DatabaseSettings } from '../src/index.js';

/** Where a server is, as the scripts that start one say it. */
export interface Address {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  url: string;
}

export interface Opened {
  connection: Connection;
  logs: string[];
}

/** A run's surroundings that keep what is logged. */
export function context(logs: string[] = []): RunContext {
  return {
    clock: Date.now,
    log: (_level, message) => void logs.push(message),
    addSecret: () => {},
    redact: (text) => text,
    configChanged: () => {},
    signal: new AbortController().signal,
  };
}

/** Connects to a server as a source. */
export async function open(
  server: Address,
  settings: Partial<DatabaseSettings> = {},
  forCheck = false,
): Promise<Opened> {
  const source = await createDatabaseSource({ dialect: 'postgres', ...settings });
  const { host, port, database, user: username, password } = server;
  const logs: string[] = [];
  const connection = await source.connect({ host, port, database, username, password }, context(logs), { forCheck });
  return { connection, logs };
}

/** Runs statements as the owner of everything. */
export async function run(server: Address, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** What a read sent, and what it ended with. */
export interface Reading {
  sent: Sent[];
  errors: ConnectorError[];
  outcomes: Map<string, string>;
}

/** Reads every stream of a connection; `onPage` runs, and is waited for, before each page with records is taken. */
export async function readAll(
  connection: Connection,
  options: {
    states?: ReadonlyMap<string, JsonObject>;
    mode?: SyncMode;
    cursorField?: string;
    concurrency?: number;
    onPage?: (page: number) => Promise<void> | void;
    signal?: AbortSignal;
  } = {},
): Promise<Reading> {
  return readCatalog(connection, (await discover(connection)).streams, options);
}

/** The same of the streams of a catalog. */
export async function readCatalog(
  connection: Connection,
  streams: readonly StreamDescription[],
  options: NonNullable<Parameters<typeof readAll>[1]> = {},
): Promise<Reading> {
  const sent: Sent[] = [];
  let pages = 0;
  const sink: Sink = {
    async page(descriptor, unit, records, state) {
      const stream = streamKey(descriptor);
      for (const record of records) sent.push({ kind: 'record', stream, unit: unit.id, record });
      if (state) sent.push({ kind: 'state', stream, state: copy(state()) });
      if (records.length > 0) await options.onPage?.(++pages);
    },
    finalState(descriptor, state) {
      sent.push({ kind: 'state', stream: streamKey(descriptor), state: copy(state) });
    },
    restart(descriptor, unit) {
      sent.push({ kind: 'restart', stream: streamKey(descriptor), unit: unit.id });
    },
    status() {},
    error() {},
    log() {},
  };
  const catalog = {
    streams: streams.map((stream) => ({
      stream,
      sync_mode: options.mode ?? ('full_refresh' as const),
      destination_sync_mode: 'append' as const,
      cursor_field: options.cursorField === undefined ? undefined : [options.cursorField],
    })),
  };
  const concurrency = options.concurrency ?? connection.concurrency;
  const states = options.states ?? new Map();
  const result = await read({
    connection: { ...connection, concurrency },
    catalog,
    states,
    sink,
    signal: options.signal,
  });
  return { sent, errors: result.errors, outcomes: result.outcomes };
}

/** One column of all rows that stay, sorted as texts. */
export function column(reading: { sent: readonly Sent[] }, name: string): string[] {
  return rows(reading.sent)
    .map(({ record }) => String(record[name]))
    .sort();
}

function copy(state: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(state)) as JsonObject;
}
