import type { MongodbOptions } from './mongodb.mjs';
import type { MysqlOptions } from './mysql.mjs';
import type { PostgresOptions } from './postgres.mjs';
import type { S3Options, S3Server } from './s3.mjs';
import type { Availability, Server } from './supervised.mjs';

export interface ServerKind<Options, Started extends Server = Server> {
  readonly name: string;
  available(): Availability;
  start(options?: Options): Promise<Started>;
}

export declare const postgres: ServerKind<PostgresOptions>;
export declare const postgres18: ServerKind<PostgresOptions>;
export declare const mysql: ServerKind<MysqlOptions>;
export declare const mariadb: ServerKind<MysqlOptions>;
export declare const s3: ServerKind<S3Options, S3Server>;
export declare const mongodb: ServerKind<MongodbOptions>;

/**
 * A `describe` whose tests have a server. All of one file's blocks with the same kind and options share one, started before
 * the first test that needs it and stopped after the file's last. Where the server cannot be had, the block is skipped and
 * the reason printed; with TIDEMARK_SERVERS=required it fails. To be called at the top level of a test file.
 * @param tests gets a function that gives the server; it may be called in tests and hooks, not while tests are collected
 */
export declare function describeWith<Options, Started extends Server>(
  kind: ServerKind<Options, Started>,
  name: string,
  tests: (server: () => Started) => void,
  options?: Options,
): void;
