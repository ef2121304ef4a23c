import type { PostgresOptions } from './postgres.mjs';
import type { Availability, Server } from './supervised.mjs';

export declare function postgres18Available(): Availability;
export declare function startPostgres18(options?: PostgresOptions): Promise<Server>;
