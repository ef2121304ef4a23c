import type { JsonObject } from '@tidemark/protocol';
import { dialectNames } from './dialects.js';

const text: JsonObject = { type: 'string', minLength: 1 };
const names: JsonObject = { type: 'array', items: text, minItems: 1 };
const method: JsonObject = { type: 'string', enum: ['cursor', 'xmin', 'log', 'none'] };
const seconds: JsonObject = { type: 'number', minimum: 0 };
const count: JsonObject = { type: 'integer', minimum: 1 };

const stream: JsonObject = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { ...text, description: 'The table or view; for MongoDB the collection.' },
    namespace: { ...text, description: 'Its schema or database. Needed only where the name alone is not enough.' },
    columns: { ...names, description: 'Only these columns. Default: all.' },
    order: {
      ...names,
      description: 'Columns that are together unique and never null: makes a view or a table without a key resumable.',
    },
    cursor: { ...text, description: 'The column whose values grow with every change: turns incremental reading on.' },
    lookback: {
      type: 'number',
      minimum: 0,
      description: 'Every sync reads this much again below the last value: seconds for times, units for numbers.',
    },
    scan: { type: 'boolean', description: 'The cursor column may be without an index.' },
    method: { ...method, description: 'How this stream goes on after its load.' },
  },
};

const chunking: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    chunk_bytes: { ...count, maximum: 1 << 30, description: 'A chunk of a table. Default: 134217728.' },
    page_rows: { ...count, description: 'A state follows after this many rows. Default: 10000.' },
    page_bytes: { ...count, description: 'What one statement may bring. Default: 4194304.' },
    page_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      description: 'How long one statement may take. Default: 5.',
    },
    concurrency: { ...count, description: 'Chunks read at the same time, over all tables. Default: 4.' },
    snapshot: {
      type: 'boolean',
      description: 'All chunks of an attempt see the same moment; a transaction stays open on the server for that.',
    },
    statement_timeout_seconds: { ...seconds, description: 'Default: 600; 0: none.' },
    lock_timeout_seconds: { ...seconds, description: 'Default: 30; 0: none.' },
    spool_bytes: {
      type: 'integer',
      minimum: 0,
      description:
        'What is read by one statement and not taken by the destination yet is kept on disk, up to so many bytes altogether; then the server waits. Default: 17179869184; 0: none.',
    },
    spool_directory: {
      ...text,
      description: "Where that is kept. Default: the system's directory for temporary files.",
    },
  },
};

/** The JSON Schema of a manifest of `type: DatabaseSource`. */
export function databaseManifestSchema(): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tidemark database source',
    type: 'object',
    required: ['type', 'dialect'],
    additionalProperties: false,
    properties: {
      type: { type: 'string', enum: ['DatabaseSource'] },
      version: { ...text, description: 'Of the manifest; for people.' },
      dialect: { type: 'string', enum: dialectNames(), description: 'Which kind of database.' },
      connection: {
        type: 'object',
        additionalProperties: true,
        description:
          'Fields of the configuration that the configuration need not give; its own win. A variable of the environment is written as in a shell: $ and its name in braces.',
      },
      streams: {
        type: 'array',
        items: stream,
        minItems: 1,
        description: 'Default: every table that the user can see.',
      },
      chunking,
      cursors: {
        type: 'object',
        additionalProperties: false,
        properties: {
          method: { ...method, description: 'How tables go on after their load. Default: cursor.' },
          columns: { ...names, description: 'The first of these that a table has, with an index, is its cursor.' },
          log_load_seconds: {
            type: 'number',
            exclusiveMinimum: 0,
            description:
              'With the method log: a load is interrupted after this time for what has come in the log. Default: 600.',
          },
          on_lost_position: {
            type: 'string',
            enum: ['fail', 'reload'],
            description:
              'With the method log: what happens when the server has forgotten the stored position. Default: fail.',
          },
          sync_interval_hours: {
            type: 'number',
            exclusiveMinimum: 0,
            description:
              'With the method log: how far apart two syncs are. check fails where the server keeps its log for less. Default: 24, and then check only warns.',
          },
        },
      },
    },
  };
}
