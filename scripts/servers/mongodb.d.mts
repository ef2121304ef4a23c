import type { Availability, Server } from './supervised.mjs';

export interface MongodbOptions {
  /** A fixed port; without it a free one. */
  port?: number;
  /** The name in the URL; `tidemark` by default. Databases come into being when they are written to. */
  database?: string;
}

export declare const MONGODB_VERSION: string;
/** Where install.mjs puts it. */
export declare const mongodbFolder: string;
export declare function mongodbAvailable(): Availability;
/**
 * A stand-in that speaks MongoDB's wire protocol (npm driver 6, not 7), with an oplog for change streams; no transactions,
 * no $collStats, no explain, no users. Data are in memory: `restart` and `kill` lose them.
 */
export declare function startMongodb(options?: MongodbOptions): Promise<Server>;
