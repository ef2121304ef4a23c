import type { PostgresOptions } from './postgres.mjs';
import type { Server } from './supervised.mjs';

export declare function startPostgresFrom(name: string, programs: string, options: PostgresOptions): Promise<Server>;

/** Why these programs cannot be run here by the user who has to run them; undefined where they can. */
export declare function whyNotRunnable(programs: string): string | undefined;
