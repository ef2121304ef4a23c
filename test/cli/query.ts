import { createRequire } from 'node:module';
import { root } from '../root.js';

interface Reader {
  getRowObjectsJson(): Record<string, unknown>[];
}
interface DuckDb {
  DuckDBInstance: {
    create(
      file: string,
      settings: Record<string, string>,
    ): Promise<{
      connect(): Promise<{ runAndReadAll(sql: string): Promise<Reader>; closeSync(): void }>;
      closeSync(): void;
    }>;
  };
}

/** The rows of a query on a DuckDB file. */
export async function query(file: string, sql: string): Promise<Record<string, unknown>[]> {
  // The library is the destination's: found from its package, not declared a second time.
  const { DuckDBInstance } = createRequire(`${root}packages/sync/package.json`)('@duckdb/node-api') as DuckDb;
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
