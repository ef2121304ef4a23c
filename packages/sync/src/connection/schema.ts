const text = { type: 'string', minLength: 1 } as const;
const path = { type: 'array', items: text, minItems: 1 } as const;

const stream = {
  description: 'A stream by its name, or with how it is to be read and written.',
  anyOf: [
    text,
    {
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        name: { ...text, description: 'As discover prints it.' },
        namespace: { ...text, description: 'Only where the source has namespaces.' },
        sync_mode: {
          enum: ['full_refresh', 'incremental'],
          description: 'Default: incremental where the stream can, otherwise full_refresh.',
        },
        destination_sync_mode: {
          enum: ['overwrite', 'append', 'overwrite_dedup', 'append_dedup'],
          description:
            'Default: append_dedup for an incremental stream with a primary key, append without, otherwise overwrite.',
        },
        primary_key: {
          description: 'A field, several, or paths into nested fields. Default: what the stream says.',
          anyOf: [text, { type: 'array', items: { anyOf: [text, path] }, minItems: 1 }],
        },
        cursor_field: {
          description: 'A field, or a path into nested ones. Default: what the stream says.',
          anyOf: [text, path],
        },
      },
    },
  ],
} as const;

/** The JSON Schema of connection.yaml. `schemas/connection.schema.json` is written from it. */
export const connectionSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Tidemark connection',
  description: 'What `tidemark sync` reads, and where it writes it.',
  type: 'object',
  required: ['source', 'destination'],
  additionalProperties: false,
  properties: {
    name: {
      ...text,
      description: "Names the connection in the destination's books. Default: the manifest's name.",
    },
    source: {
      description: 'A manifest: its path (relative to this file) or its name.',
      anyOf: [
        text,
        { type: 'object', required: ['manifest'], additionalProperties: false, properties: { manifest: text } },
      ],
    },
    config: {
      description:
        'The configuration that the source asks for, or the path of a JSON file with it. A variable of the environment is written as in a shell: $ and its name in braces.',
      anyOf: [text, { type: 'object' }],
    },
    destination: {
      description: 'duckdb:FILE, or a destination with its settings.',
      anyOf: [
        text,
        {
          type: 'object',
          required: ['duckdb'],
          additionalProperties: false,
          properties: {
            duckdb: {
              type: 'object',
              required: ['path'],
              additionalProperties: false,
              properties: {
                path: { ...text, description: 'The database file, relative to this file.' },
                schema: { ...text, description: 'Schema of the tables. Default: main.' },
                memory_limit: { ...text, description: 'How much memory DuckDB may take, for example 512MB.' },
                threads: { type: 'integer', minimum: 1, description: 'How many threads DuckDB may use.' },
              },
            },
          },
        },
      ],
    },
    streams: { type: 'array', items: stream, minItems: 1, description: 'Default: every stream of the source.' },
    checkpoint: {
      type: 'object',
      description: 'When rows are committed with their state: whatever comes first.',
      additionalProperties: false,
      properties: {
        rows: { type: 'integer', minimum: 1 },
        bytes: { type: 'integer', minimum: 1, description: 'Default: 67108864.' },
        seconds: { type: 'number', exclusiveMinimum: 0, maximum: 900, description: 'Default: 10.' },
      },
    },
    state: {
      enum: ['destination'],
      description: 'Where the state is kept. Default: in the destination, beside the rows.',
    },
  },
} as const;
