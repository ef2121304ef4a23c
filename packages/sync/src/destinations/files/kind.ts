import { isAbsolute, resolve } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { DestinationKind } from '../kind.js';
import type { Compression, FormatName } from './format.js';

/** How files are written, wherever they are. */
export interface FileSettings {
  /** Default: parquet. */
  format?: FormatName;
  /** Default: snappy for Parquet, gzip for JSON lines. */
  compression?: Compression;
  memory_limit?: string;
  threads?: number;
}

/** The settings of a folder of files, as connection.yaml has them. */
export interface FolderSettings extends FileSettings {
  path: string;
}

const text = { type: 'string', minLength: 1 } as const;

/** Properties that every destination of files has. */
export const fileProperties: Record<keyof FileSettings, JsonObject> = {
  format: { enum: ['parquet', 'jsonl'], description: 'Default: parquet.' },
  compression: {
    enum: ['none', 'gzip', 'zstd', 'snappy'],
    description: 'Default: snappy for Parquet, gzip for JSON lines (which have no snappy).',
  },
  memory_limit: { ...text, description: 'How much memory the embedded DuckDB may take, for example 512MB.' },
  threads: { type: 'integer', minimum: 1, description: 'How many threads it may use. Default: 1.' },
};

/** Reads `?format=jsonl&compression=zstd` of a short form. Throws ConnectorError (config). */
export function parseQuery(query: string, example: string): FileSettings {
  const settings: FileSettings = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const allowed = fileProperties[name as keyof FileSettings]?.enum as string[] | undefined;
    if (!allowed?.includes(value)) {
      const what = allowed ? `${name} can be ${allowed.join(', ')}` : 'format and compression can stand behind the ?';
      throw new ConnectorError('config', `In ${example}, ${what}. Met: ${name}${allowed ? `=${value}` : ''}.`);
    }
    Object.assign(settings, { [name]: value });
  }
  return settings;
}

/** `files:FOLDER`: Parquet or JSON lines in a folder of this machine. */
export const filesKind: DestinationKind<FolderSettings> = {
  key: 'files',
  schemes: ['files'],
  example: 'files:FOLDER',
  schema: {
    type: 'object',
    description: 'A folder of Parquet or JSON lines files.',
    required: ['path'],
    additionalProperties: false,
    properties: { path: { ...text, description: 'The folder, relative to this file.' }, ...fileProperties },
  },
  parse(short) {
    const [path = '', query = ''] = short.replace(/^files:(\/\/)?/i, '').split('?');
    if (path === '') throw new ConnectorError('config', "'files:' names no folder. Write files:FOLDER.");
    return { path, ...parseQuery(query, 'files:FOLDER?…') };
  },
  resolve: (settings, folder) => ({
    ...settings,
    path: isAbsolute(settings.path) ? settings.path : resolve(folder, settings.path),
  }),
  async open({ path, format, compression, memory_limit: memoryLimit, threads }) {
    const { files } = await import('../files.js');
    return files(path, { format, compression, memoryLimit, threads });
  },
};
