import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { postgresAvailable, startPostgres } from '../servers/postgres.mjs';

// The drivers belong to the package that writes with them.
const require = createRequire(new URL('../../packages/sync/package.json', import.meta.url));

/** Where rows go and how they are counted, by the name of the destination. Each: `{ to, one(sql), close() }`. */
export const places = {
  async duckdb(folder) {
    const { DuckDBInstance } = require('@duckdb/node-api');
    const file = `${folder}/torture.duckdb`;
    return {
      to: `duckdb:${file}`,
      books: async () => existsSync(file),
      async one(sql) {
        const instance = await DuckDBInstance.create(file);
        const connection = await instance.connect();
        try {
          return (await connection.runAndReadAll(sql)).getRowObjectsJson()[0];
        } finally {
          connection.closeSync();
          instance.closeSync();
        }
      },
      close: async () => undefined,
    };
  },
  async postgres() {
    const available = postgresAvailable();
    if (!available.ok) throw new Error(`There is no PostgreSQL server to be started: ${available.why}`);
    const { default: pg } = await import(require.resolve('pg'));
    const server = await startPostgres();
    const one = async (sql) => {
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      try {
        return (await client.query(sql)).rows[0];
      } finally {
        await client.end();
      }
    };
    return {
      to: server.url,
      books: async () => (await one("SELECT to_regclass('_tidemark.jobs') AS jobs")).jobs !== null,
      one,
      close: () => server.stop(),
    };
  },
};
