import { isAbsolute, resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import type { DestinationKind } from '../kind.js';

/** The settings of JSON lines, as connection.yaml has them. */
export interface JsonlSettings {
  /** `-`: standard output. */
  path: string;
}

/** `jsonl:FILE` or `jsonl:-`: the rows of all streams as JSON lines, in one file or to standard output. */
export const jsonlKind: DestinationKind<JsonlSettings> = {
  key: 'jsonl',
  schemes: ['jsonl'],
  example: 'jsonl:FILE',
  books: 'given',
  schema: {
    type: 'object',
    description: 'JSON lines of all streams, in one file or to standard output.',
    required: ['path'],
    additionalProperties: false,
    properties: {
      path: { type: 'string', minLength: 1, description: 'The file, relative to this file; - for standard output.' },
    },
  },
  parse(short) {
    const path = short.replace(/^jsonl:(\/\/)?/i, '');
    if (path === '')
      throw new ConnectorError('config', "'jsonl:' names no file. Write jsonl:FILE, or jsonl:- for standard output.");
    return { path };
  },
  resolve: ({ path }, folder) => ({ path: path === '-' || isAbsolute(path) ? path : resolve(folder, path) }),
  async open({ path }, books) {
    const { jsonl } = await import('../jsonl.js');
    return jsonl(path, books!);
  },
};
