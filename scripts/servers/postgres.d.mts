import type { Availability, Server } from './supervised.mjs';

export interface PostgresOptions {
  /** A fixed port; without it a free one. */
  port?: number;
  /** wal_level=logical with ten senders and slots; on by default. */
  cdc?: boolean;
  /** More settings, as in postgresql.conf: `{ work_mem: '1MB' }`. */
  settings?: Readonly<Record<string, string | number>>;
  /** The superuser; `postgres` by default. */
  user?: string;
  /** `tidemark` by default; asked for on every connection (scram-sha-256). */
  password?: string;
  /** `tidemark` by default. */
  database?: string;
}

export declare function postgresAvailable(): Availability;
export declare function startPostgres(options?: PostgresOptions): Promise<Server>;
