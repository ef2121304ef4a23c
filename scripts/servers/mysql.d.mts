import type { Availability, Server } from './supervised.mjs';

export interface MysqlOptions {
  /** A fixed port; without it a free one. */
  port?: number;
  /** A row-based binary log with full images and metadata (MySQL: with GTIDs); on by default. */
  cdc?: boolean;
  /** More settings, as on the server's command line without the dashes: `{ local_infile: 'ON', 'skip-log-bin': '' }`. */
  settings?: Readonly<Record<string, string | number>>;
  /** A user who may do everything from anywhere; `tidemark` by default. */
  user?: string;
  /** `tidemark` by default. */
  password?: string;
  /** `tidemark` by default; utf8mb4. */
  database?: string;
}

export declare const MYSQL_VERSION: string;
export declare function mysqlAvailable(): Availability;
export declare function startMysql(options?: MysqlOptions): Promise<Server>;
