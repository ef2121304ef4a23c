import type { SourceOptions } from '../options.js';

/** Options of `tidemark sync`. */
export interface SyncOptions extends SourceOptions {
  to?: string;
  streams?: string;
  restart?: boolean;
}

/** `tidemark sync`: reads a source into a destination. */
export async function syncCommand(_file: string, _options: SyncOptions): Promise<number> {
  process.stderr.write('tidemark: sync is not built yet\n');
  return 2;
}
