import { readFileSync } from 'node:fs';
import type { ConnectorError } from '@tidemark/source';
import type { Client, ClientConfig } from 'pg';
import type { SqlDatabase, SqlRow, SqlValue } from '../sql/sql-database.js';
import { postgresError } from './errors.js';
import type { PostgresSettings } from './kind.js';

/** A table that somebody else holds is waited for so long. */
const LOCK_SECONDS = 60;
const CONNECT_MS = 30_000;

/** Every value as the server's text: numbers keep their digits, dates their microseconds. */
const AS_TEXT = { getTypeParser: () => (value: string) => value } as unknown as NonNullable<ClientConfig['types']>;

const SESSION = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO'",
  "SET client_encoding = 'UTF8'",
  'SET standard_conforming_strings = on',
  'SET statement_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
  `SET lock_timeout = '${LOCK_SECONDS}s'`,
].join('; ');

/** How a destination is written for people: no password in it. */
export function placeOf({ host, port = 5432, database }: PostgresSettings): string {
  return `postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

/** One connection to a PostgreSQL server; its errors are ConnectorErrors that say what to do. */
export class Pg implements SqlDatabase {
  private lost: unknown;

  private constructor(
    private readonly client: Client,
    private readonly settings: PostgresSettings,
  ) {
    // A connection that is cut between two statements says so here; the next statement tells.
    client.on('error', (error) => {
      this.lost ??= error;
    });
    client.on('end', () => {
      this.lost ??= new Error('Connection terminated');
    });
  }

  /** The connection was cut: nothing can be asked here any more. */
  get isLost(): boolean {
    return this.lost !== undefined;
  }

  static async connect(settings: PostgresSettings): Promise<Pg> {
    const { default: pg } = await import('pg');
    let last: unknown;
    try {
      for (const ssl of encryptions(settings)) {
        const client = new pg.Client({ ...clientConfig(settings), ssl });
        const made = new Pg(client, settings);
        try {
          await client.connect();
          await client.query(SESSION);
          return made;
        } catch (error) {
          await client.end().catch(() => undefined);
          last = error;
          if (ssl === false || !/does not support SSL/i.test(String(error))) throw error;
        }
      }
    } catch (error) {
      throw postgresError(error, placeOf(settings), secretsOf(settings));
    }
    const none = Object.assign(new Error('the server does not offer encryption'), {
      code: 'TIDEMARK_NO_TLS',
      cause: last,
    });
    throw postgresError(none, placeOf(settings), secretsOf(settings));
  }

  async all(sql: string, values?: SqlValue[]): Promise<SqlRow[]> {
    return (await this.query(sql, values)).rows;
  }

  async run(sql: string, values?: SqlValue[]): Promise<void> {
    await this.query(sql, values);
  }

  /** Runs a statement that changes rows; says how many. */
  async change(sql: string, values?: SqlValue[]): Promise<number> {
    return (await this.query(sql, values)).rowCount ?? 0;
  }

  /** All or nothing. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN');
    try {
      const result = await work();
      await this.run('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /**
   * COPY … FROM STDIN, as fast as the server takes it. Returns how many rows it says that it took. An error of the server is
   * thrown as the driver gives it: whoever copies may know how to go on.
   */
  async copy(sql: string, pieces: Iterable<Buffer>): Promise<number> {
    const { from } = (await import('pg-copy-streams')).default;
    if (this.lost) throw this.lost;
    const stream = this.client.query(from(sql));
    let failure: unknown;
    const done = new Promise<void>((resolve, reject) => {
      stream.once('finish', resolve);
      // Not once: a server that dies says so, and then the socket does.
      stream.on('error', (error) => {
        failure ??= error;
        reject(error);
      });
    });
    done.catch(() => undefined);
    for (const piece of pieces) {
      if (failure !== undefined) break;
      if (!stream.write(piece)) await Promise.race([new Promise((free) => stream.once('drain', free)), done]);
    }
    if (failure === undefined) stream.end();
    await done;
    return stream.rowCount;
  }

  error(error: unknown): ConnectorError {
    return postgresError(error, placeOf(this.settings), secretsOf(this.settings));
  }

  /** Does not throw. */
  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  /** Does not ask the server any more: what is under way fails. */
  cut(): void {
    const { connection } = this.client as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
  }

  private async query(sql: string, values?: SqlValue[]) {
    try {
      if (this.lost) throw this.lost;
      return await this.client.query<SqlRow>(sql, values);
    } catch (error) {
      throw this.error(error);
    }
  }
}

/** A connection that is made anew when it was cut, for statements that stand alone. */
export class LastingPg implements SqlDatabase {
  private closed = false;

  constructor(
    private current: Pg,
    private readonly settings: PostgresSettings,
  ) {}

  async all(sql: string, values?: SqlValue[]): Promise<SqlRow[]> {
    if (this.current.isLost && !this.closed) this.current = await Pg.connect(this.settings);
    return this.current.all(sql, values);
  }

  async run(sql: string, values?: SqlValue[]): Promise<void> {
    await this.all(sql, values);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.current.close();
  }

  /** See `Pg.cut`. The next statement connects anew. */
  cut(): void {
    this.current.cut();
  }
}

function clientConfig({ host, port, database, user, password }: PostgresSettings): ClientConfig {
  return {
    host,
    port,
    database,
    user,
    password: password ?? '',
    types: AS_TEXT,
    application_name: 'tidemark',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  };
}

/** What is tried one after the other. */
function encryptions({
  ssl_mode: mode = 'prefer',
  ssl_root_cert: file,
  host,
}: PostgresSettings): ClientConfig['ssl'][] {
  // A socket of the same machine has no network to be listened to on.
  if (mode === 'disable' || host.startsWith('/')) return [false];
  const ca = file === undefined ? {} : { ca: readFileSync(file, 'utf8') };
  if (mode === 'verify-full') return [{ ...ca, rejectUnauthorized: true }];
  if (mode === 'verify-ca') return [{ ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined }];
  const any = { ...ca, rejectUnauthorized: file !== undefined, checkServerIdentity: () => undefined };
  return mode === 'require' ? [any] : [any, false];
}

function secretsOf({ password }: PostgresSettings): string[] {
  // The driver's and the server's messages do not show it. One of a few letters would only make holes in them.
  return password && password.length > 3 ? [password, encodeURIComponent(password)] : [];
}
