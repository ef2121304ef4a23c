import { ConnectorError } from '@tidemark/source';
import type { Client as PgClient } from 'pg';
import { tlsTo } from '../connection-fields.js';
import type { ReadingSettings } from '../dialect.js';
import { LongStatements } from '../long-statements.js';
import { directRoute, type Route } from '../route.js';
import type { PostgresConfig } from './config.js';
import { isWorthAnotherTry, postgresError } from './errors.js';

/** Idle sessions may have been cut all together. */
const TRIES = 3;
const CONNECT_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

/** One session on the server. */
export type Client = PgClient;

/**
 * Sessions for reading: made when they are needed, kept for the next who needs one. Every session is read-only, speaks UTC
 * and writes values in the one form that the decoders know.
 */
export class Clients {
  private readonly idle: Client[] = [];
  private readonly all = new Set<Client>();
  private closed = false;
  /** A session has been made: what answers there is a server of PostgreSQL. */
  private hasAnswered = false;
  /** The TLS that the server and the configuration agree on, once a session has been made. */
  ssl: PostgresConfig['ssl'] = false;

  constructor(
    private readonly config: PostgresConfig,
    private readonly settings: ReadingSettings,
    readonly route: Route = directRoute(config.host, config.port),
    readonly long = new LongStatements(),
  ) {}

  /** A session that nobody else uses until `release`. Throws ConnectorError. */
  async take(): Promise<Client> {
    return this.idle.pop() ?? (await this.connect());
  }

  /** Gives a session back; `broken` ones are ended at once, whatever they are doing. */
  release(client: Client, broken = false): void {
    if (!broken && !this.closed && this.all.has(client)) {
      this.idle.push(client);
      return;
    }
    this.all.delete(client);
    // The socket is cut rather than closed in order: the server may still be sending rows that nobody wants.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  /** One statement on a session of its own; again when the session turns out to be cut. Throws what the driver throws. */
  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (let tries = 1; ; tries++) {
      let client: Client | undefined;
      try {
        client = await this.take();
        const { rows } = await this.long.during(client.query<Row>(text, values as unknown[]));
        this.release(client);
        return rows;
      } catch (error) {
        const isCut = client ? !isStatementError(error) : isWorthAnotherTry(error);
        if (client) this.release(client, isCut);
        if (!isCut || tries >= TRIES) throw error;
      }
    }
  }

  /** A command of the replication protocol, on a session for it. Throws what the driver throws. */
  async replication(command: string): Promise<Record<string, string>[]> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      ...(await this.target(this.ssl)),
      application_name: 'tidemark',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      types: { getTypeParser: () => (text: string) => text } as never,
      ...{ replication: 'database' },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await this.long.during(client.query<Record<string, string>>(command))).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const clients = [...this.all];
    this.all.clear();
    for (const client of clients) {
      if (this.idle.includes(client)) await client.end().catch(() => undefined);
      else this.release(client, true);
    }
    this.idle.length = 0;
    await this.route.close();
  }

  private async connect(): Promise<Client> {
    const { config } = this;
    try {
      return await this.connectWith(config.ssl);
    } catch (error) {
      const noTls = config.sslOptional && error instanceof Error && /does not support SSL/.test(error.message);
      if (!noTls) throw this.problem(error);
    }
    try {
      return await this.connectWith(false);
    } catch (error) {
      throw this.problem(error);
    }
  }

  /** Why no session was made. What has never answered is not tried again. */
  private problem(error: unknown): ConnectorError {
    const isSilent = !this.hasAnswered && error instanceof Error && error.message === 'timeout expired';
    const silent = (): ConnectorError =>
      new ConnectorError(
        'transient',
        `${this.doing} failed. The server does not answer: nothing came in ${CONNECT_TIMEOUT_MS / 1000} seconds. Look whether this is the port of a PostgreSQL server, and whether a firewall is between.`,
      );
    return this.route.problem() ?? (isSilent ? silent() : postgresError(error, this.doing));
  }

  private async connectWith(ssl: PostgresConfig['ssl']): Promise<Client> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      ...(await this.target(ssl)),
      application_name: 'tidemark',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      // Every value arrives as the server wrote it.
      types: { getTypeParser: () => (text: string) => text } as never,
    });
    // An error of an idle session is found when it is used next; without a listener it would end the process.
    client.on('error', () => {
      this.all.delete(client);
      const index = this.idle.indexOf(client);
      if (index >= 0) this.idle.splice(index, 1);
    });
    await client.connect();
    try {
      await client.query(this.sessionStatements());
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.ssl = ssl;
    this.hasAnswered = true;
    this.all.add(client);
    return client;
  }

  /** Where a session is made, and how the user signs in. Throws ConnectorError where a tunnel cannot be opened. */
  async target(ssl: PostgresConfig['ssl']) {
    const { host: name, database, user, password } = this.config;
    const { host, port } = await this.route.address();
    return { host, port, database, user, password: password ?? '', ssl: ssl && tlsTo(name, ssl) };
  }

  private get doing(): string {
    const { host, port, database } = this.config;
    return `Connecting to ${host}:${port}/${database}`;
  }

  private sessionStatements(): string {
    const { statement_timeout_seconds: statement, lock_timeout_seconds: lock } = this.settings;
    const settings: Record<string, string> = {
      default_transaction_read_only: 'on',
      statement_timeout: String(Math.round(statement * 1000)),
      lock_timeout: String(Math.round(lock * 1000)),
      client_encoding: 'UTF8',
      TimeZone: 'UTC',
      DateStyle: 'ISO, MDY',
      IntervalStyle: 'postgres',
      bytea_output: 'hex',
      extra_float_digits: '3',
      lc_monetary: 'C',
      xmloption: 'content',
      standard_conforming_strings: 'on',
      // A range of row addresses is read in the order in which it lies, by one process.
      synchronize_seqscans: 'off',
      max_parallel_workers_per_gather: '0',
      jit: 'off',
    };
    const list = Object.entries(settings).map(([name, value]) => `('${name}','${value}')`);
    // A setting that this server does not have (jit before 11) is passed over.
    return `SELECT set_config(s.name, v.value, false) FROM (VALUES ${list.join(',')}) AS v(name, value)
      JOIN pg_catalog.pg_settings s ON lower(s.name) = lower(v.name)`;
  }
}

/** True when the server refused a statement and the session goes on. */
export function isStatementError(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { code?: string; severity?: string };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity === 'ERROR';
}
