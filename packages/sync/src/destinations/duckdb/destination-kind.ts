import { isAbsolute, resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import type { DestinationKind } from '../kind.js';

/** The settings of a DuckDB destination, as connection.yaml has them. */
export interface DuckDbSettings {
  path: string;
  schema?: string;
  memory_limit?: string;
  threads?: number;
}

const text = { type: 'string', minLength: 1 } as const;

/** `duckdb:FILE`: an embedded database in one file. */
export const duckdbKind: DestinationKind<DuckDbSettings> = {
  key: 'duckdb',
  schemes: ['duckdb'],
  example: 'duckdb:FILE',
  schema: {
    type: 'object',
    description: 'A DuckDB database file.',
    required: ['path'],
    additionalProperties: false,
    properties: {
      path: { ...text, description: 'The database file, relative to this file.' },
      schema: { ...text, description: 'Schema of the tables. Default: main.' },
      memory_limit: { ...text, description: 'How much memory DuckDB may take, for example 512MB.' },
      threads: { type: 'integer', minimum: 1, description: 'How many threads DuckDB may use.' },
    },
  },
  parse(short) {
    const path = short.replace(/^duckdb:(\/\/)?/i, '');
    if (path === '') throw new ConnectorError('config', "'duckdb:' names no file. Write duckdb:FILE.");
    return { path };
  },
  resolve: (settings, folder) => ({
    ...settings,
    path: isAbsolute(settings.path) ? settings.path : resolve(folder, settings.path),
  }),
  async open({ path, schema, memory_limit: memoryLimit, threads }) {
    const { duckdb } = await import('../duckdb.js');
    return duckdb({ path, schema, memoryLimit, threads });
  },
};
