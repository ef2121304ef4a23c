import { createRequire } from 'node:module';

// The library is the destination's: found from its package, not declared a second time.
const { DuckDBInstance } = createRequire(new URL('../../packages/sync/package.json', import.meta.url))(
  '@duckdb/node-api',
);

/** Rows and distinct keys of each stream's table, by stream name. */
export async function countRows(file, streams) {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  try {
    const connection = await instance.connect();
    const counts = new Map();
    for (const { name, key } of streams) {
      const reader = await connection.runAndReadAll(`select count(*), count(distinct "${key}") from "${name}"`);
      const [count, distinct] = reader.getRows()[0].map(Number);
      counts.set(name, { count, distinct });
    }
    connection.closeSync();
    return counts;
  } finally {
    instance.closeSync();
  }
}
