import { connect } from 'node:net';
import type { Connection } from 'mysql2';
import type { ReadingSettings } from '../dialect.js';
import { LongStatements } from '../long-statements.js';
import { directRoute, type Route } from '../route.js';
import type { MysqlConfig } from './config.js';
import { isStatementError, mysqlError } from './errors.js';

const CONNECT_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;
/** The longest that the server waits: a year. */
const LOCK_SECONDS_MAX = 31_536_000;

/** One session on the server. */
export type Client = Connection;

/** A row as the server wrote it: text in UTF-8, or bytes; null is SQL's null. */
export type RawRow = (Buffer | null)[];

/**
 * Sessions for reading: made when they are needed, kept for the next who needs one. Every session is read-only, speaks UTC,
 * and writes values in the one form that the decoders know.
 */
export class Clients {
  private readonly idle: Client[] = [];
  private readonly all = new Set<Client>();
  private closed = false;
  /** The TLS that the server and the configuration agree on, once a session has been made. */
  ssl: MysqlConfig['ssl'];

  constructor(
    readonly config: MysqlConfig,
    private readonly settings: ReadingSettings,
    readonly route: Route = directRoute(config.host, config.port),
    readonly long = new LongStatements(),
  ) {}

  /** A session that nobody else uses until `release`. Throws ConnectorError. */
  async take(): Promise<Client> {
    return this.idle.pop() ?? (await this.connect());
  }

  /** Gives a session back; `broken` ones are cut at once, whatever they are doing. */
  release(client: Client, broken = false): void {
    if (!broken && !this.closed && this.all.has(client)) {
      this.idle.push(client);
      return;
    }
    this.all.delete(client);
    cut(client);
  }

  /** One statement on a session of its own, its rows as texts. Throws what the driver throws. */
  async query(sql: string): Promise<(string | null)[][]> {
    const client = await this.take();
    try {
      const rows = await this.long.during(run(client, sql));
      this.release(client);
      return rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
    } catch (error) {
      this.release(client, !isStatementError(error));
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const client of this.all) cut(client);
    this.all.clear();
    this.idle.length = 0;
    await this.route.close();
  }

  /** Where a session is made, and how the user signs in. Throws ConnectorError where a tunnel cannot be opened. */
  async target(ssl: MysqlConfig['ssl']) {
    const { host, port, user, password, ssh } = this.config;
    // The driver compares the certificate with `host`: through a tunnel it stays the server's own, and leads nowhere.
    const address = ssh && (await this.route.address());
    return {
      host,
      port,
      user,
      password: password ?? '',
      ...(ssl ? { ssl: ssl as object } : {}),
      ...(address ? { stream: () => connect({ ...address, noDelay: true }) } : {}),
    };
  }

  private async connect(): Promise<Client> {
    const { host, port, database, ssl, sslOptional } = this.config;
    try {
      return await this.connectWith(ssl).catch((error) => {
        if (sslOptional && (error as { code?: string }).code === 'HANDSHAKE_NO_SSL_SUPPORT') return this.connectWith();
        throw error;
      });
    } catch (error) {
      throw this.route.problem() ?? mysqlError(error, `Connecting to ${host}:${port}/${database}`);
    }
  }

  private async connectWith(ssl?: MysqlConfig['ssl']): Promise<Client> {
    const { createConnection } = await import('mysql2');
    const client = createConnection({
      ...(await this.target(ssl)),
      database: this.config.database,
      charset: 'utf8mb4',
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableKeepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      // A server must never make this process read its files.
      flags: ['-LOCAL_FILES'],
      multipleStatements: false,
    });
    // An error of an idle session is found when it is used next; without a listener it would end the process.
    client.on('error', () => {
      this.all.delete(client);
      const index = this.idle.indexOf(client);
      if (index >= 0) this.idle.splice(index, 1);
    });
    await new Promise<void>((resolve, reject) => client.connect((error) => (error ? reject(error) : resolve())));
    try {
      await this.prepare(client);
    } catch (error) {
      client.destroy();
      throw error;
    }
    this.ssl = ssl;
    this.all.add(client);
    return client;
  }

  private async prepare(client: Client): Promise<void> {
    const { statement_timeout_seconds: statement, lock_timeout_seconds: lock } = this.settings;
    const limit = await statementLimit(client, statement);
    await run(client, 'SET SESSION TRANSACTION READ ONLY');
    await run(
      client,
      // Reads whatever is stored, and takes it as a literal: zero dates, and days that no month has.
      `SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00', lock_wait_timeout = ${lock === 0 ? LOCK_SECONDS_MAX : Math.max(1, Math.round(lock))}, ${limit}`,
    );
  }
}

/** The driver's own end waits for what the server still sends, which nobody takes: the server would not notice. */
function cut(client: Client): void {
  client.destroy();
  (client as unknown as { stream: { destroy(): void } }).stream.destroy();
}

/** What bounds the time of a session's statements, as a list of settings: seconds, 0 for no bound. */
export async function statementLimit(client: Client, seconds: number): Promise<string> {
  const [row] = await run(client, 'SELECT VERSION()');
  const isMariadb = /mariadb/i.test(row?.[0]?.toString() ?? '');
  return isMariadb ? `max_statement_time = ${seconds}` : `max_execution_time = ${Math.round(seconds * 1000)}`;
}

/** Runs a statement and gives its rows as the server wrote them. */
export function run(client: Client, sql: string): Promise<RawRow[]> {
  return new Promise((resolve, reject) => {
    client.query({ sql, rowsAsArray: true, typeCast: false }, (error, rows) => {
      if (error) reject(error);
      else resolve(Array.isArray(rows) ? (rows as unknown as RawRow[]) : []);
    });
  });
}

/** What a page's statement brought. */
export interface FetchedRows {
  rows: RawRow[];
  bytes: number;
  /** There were more rows: reading stopped when `bytesMax` was reached. The session cannot be used any more. */
  isCut: boolean;
}

/** Runs a statement and takes its rows until they weigh too much; at least one is taken. */
export function fetchRows(client: Client, sql: string, bytesMax: number): Promise<FetchedRows> {
  return new Promise((resolve, reject) => {
    const fetched: FetchedRows = { rows: [], bytes: 0, isCut: false };
    // A session that was lost tells it by itself, not by the query.
    const fail = (error: unknown): void => {
      client.off('error', fail);
      if (!fetched.isCut) reject(error);
    };
    client.on('error', fail);
    const query = client.query({ sql, rowsAsArray: true, typeCast: false });
    query.on('error', fail);
    query.on('result', (result: unknown) => {
      if (fetched.isCut || !Array.isArray(result)) return;
      const row = result as RawRow;
      for (const value of row) fetched.bytes += value?.length ?? 0;
      fetched.rows.push(row);
      if (fetched.bytes < bytesMax) return;
      fetched.isCut = true;
      client.off('error', fail);
      client.destroy();
      resolve(fetched);
    });
    query.on('end', () => {
      client.off('error', fail);
      resolve(fetched);
    });
  });
}
