import type { Server } from './supervised.mjs';

export declare function serveWhenRun(
  moduleUrl: string,
  start: (options: { port?: number }) => Promise<Server>,
): Promise<void>;
