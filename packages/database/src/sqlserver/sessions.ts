import type { Connection, Request } from 'tedious';
import type { ReadingSettings } from '../dialect.js';
import type { FetchedTexts } from '../keyed/keyed-server.js';
import type { LongStatements } from '../long-statements.js';
import type { Route } from '../route.js';
import type { SqlServerConfig } from './config.js';
import { sqlServerError } from './errors.js';

const CONNECT_TIMEOUT_MS = 30_000;
/** Rows that wait to be taken: more than this, or heavier ones, and the server is not read on. */
const WAITING_MAX = 1_000;
const WAITING_CHARACTERS_MAX = 1 << 20;

/** What statements are run by; a test has its own. */
export interface Sessions {
  query(sql: string): Promise<(string | null)[][]>;
  take(): Promise<Session>;
  close(): Promise<void>;
}

/** One session on the server. */
export interface Session {
  /** Takes rows until they weigh too much; at least one. */
  fetch(sql: string, bytesMax: number): Promise<FetchedTexts>;
  /** The rows as they come; the server waits while nobody takes them. */
  rows(sql: string): AsyncIterable<(string | null)[]>;
  release(isBroken: boolean): void;
}

/** Sessions by the driver: made when they are needed, kept for the next who needs one. Values come as texts. */
export function tediousSessions(
  config: SqlServerConfig,
  settings: ReadingSettings,
  route: Route,
  long: LongStatements,
): Sessions {
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  const end = (connection: Connection): void => {
    all.delete(connection);
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
    connection.close();
  };
  const take = async (): Promise<Session> => {
    const connection = idle.pop() ?? (await open(config, settings, route));
    if (!all.has(connection)) {
      all.add(connection);
      connection.on('error', () => all.delete(connection));
      connection.on('end', () => all.delete(connection));
    }
    return {
      fetch: (sql, bytesMax) => long.during(fetch(connection, sql, bytesMax)),
      rows: (sql) => rowsOf(connection, sql, long),
      release(isBroken) {
        if (isBroken || !all.has(connection)) end(connection);
        else idle.push(connection);
      },
    };
  };
  return {
    take,
    async query(sql) {
      const session = await take();
      try {
        const { rows } = await session.fetch(sql, Number.POSITIVE_INFINITY);
        session.release(false);
        return rows;
      } catch (error) {
        session.release(true);
        throw error;
      }
    },
    async close() {
      for (const connection of [...all]) end(connection);
      await route.close();
    },
  };
}

async function open(config: SqlServerConfig, settings: ReadingSettings, route: Route): Promise<Connection> {
  const { Connection } = await import('tedious');
  const { host, port, database, user, password, ssh, encrypt, trustServerCertificate } = config;
  const address = await route.address();
  const connection = new Connection({
    server: address.host,
    authentication: { type: 'default', options: { userName: user, password } },
    options: {
      port: address.port,
      // Through a tunnel the certificate is still the server's own.
      ...(ssh ? { serverName: host } : {}),
      database,
      encrypt,
      trustServerCertificate,
      appName: 'tidemark',
      connectTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: Math.round(settings.statement_timeout_seconds * 1000),
      readOnlyIntent: true,
      useUTC: true,
      abortTransactionOnError: true,
    },
  });
  try {
    await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  } catch (error) {
    connection.close();
    throw route.problem() ?? sqlServerError(error, `Connecting to ${host}:${port}/${database}`);
  }
  await fetch(
    connection,
    // 0 means no limit here, and no waiting there.
    `SET LOCK_TIMEOUT ${Math.round(settings.lock_timeout_seconds * 1000) || -1}; SET DATEFORMAT ymd;`,
    1,
  );
  return connection;
}

async function fetch(connection: Connection, sql: string, bytesMax: number): Promise<FetchedTexts> {
  const { Request } = await import('tedious');
  return new Promise((resolve, reject) => {
    const fetched: FetchedTexts = { rows: [], bytes: 0, isCut: false };
    const request: Request = new Request(sql, (error) => {
      if (fetched.isCut || !error) resolve(fetched);
      else reject(error);
    });
    request.on('row', (columns: { value: unknown }[]) => {
      if (fetched.isCut) return;
      const row = textsOf(columns);
      for (const value of row) fetched.bytes += value?.length ?? 0;
      fetched.rows.push(row);
      if (fetched.bytes < bytesMax) return;
      fetched.isCut = true;
      connection.cancel();
    });
    connection.execSqlBatch(request);
  });
}

async function* rowsOf(connection: Connection, sql: string, long: LongStatements): AsyncIterable<(string | null)[]> {
  const { Request } = await import('tedious');
  const waiting: (string | null)[][] = [];
  let characters = 0;
  let isDone = false;
  let failure: unknown;
  let wake: () => void = () => undefined;
  const request: Request = new Request(sql, (error) => {
    failure = error ?? undefined;
    isDone = true;
    wake();
  });
  request.on('row', (columns: { value: unknown }[]) => {
    const row = textsOf(columns);
    waiting.push(row);
    for (const value of row) characters += value?.length ?? 0;
    if (waiting.length >= WAITING_MAX || characters >= WAITING_CHARACTERS_MAX) request.pause();
    wake();
  });
  connection.execSqlBatch(request);
  for (;;) {
    const row = waiting.shift();
    if (row) {
      if (waiting.length === 0) {
        characters = 0;
        request.resume();
      }
      yield row;
    } else if (failure !== undefined) throw failure;
    else if (isDone) return;
    else
      await long.during(
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
      );
  }
}

function textsOf(columns: { value: unknown }[]): (string | null)[] {
  return columns.map(({ value }) => (value === null || value === undefined ? null : String(value)));
}
