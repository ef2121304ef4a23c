import { DEFAULT_CHECKPOINT, SECONDS_MAX } from '../checkpoint.js';
import { destinationKinds } from '../destinations/kinds.js';
import { destinationExamples } from '../destinations/open.js';
import { webhooksSchema } from '../notify/webhook-settings.js';
import { programSourceFields } from '../processes/source-spec.js';
import { DEFAULT_RETRY } from '../retry.js';

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
        allow_empty: {
          type: 'boolean',
          description: 'An empty result may take the place of a table that has rows. Default: false.',
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
      description: 'A manifest: its path (relative to this file) or its name; or a program of the Airbyte protocol.',
      anyOf: [
        text,
        {
          type: 'object',
          minProperties: 1,
          additionalProperties: false,
          properties: { manifest: text, ...programSourceFields },
        },
      ],
    },
    config: {
      description:
        'The configuration that the source asks for, or the path of a JSON file with it. A variable of the environment is written as in a shell: $ and its name in braces.',
      anyOf: [text, { type: 'object' }],
    },
    destination: {
      description: `A destination in short (${destinationExamples()}), or with its settings.`,
      anyOf: [
        text,
        {
          type: 'object',
          minProperties: 1,
          additionalProperties: false,
          // Which fields can stand beside which kind is checked where the kind is known (destinations/open.ts).
          properties: Object.fromEntries(
            destinationKinds.flatMap(({ key, schema, beside = {} }) => [[key, schema], ...Object.entries(beside)]),
          ),
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
        bytes: { type: 'integer', minimum: 1, description: `Default: ${DEFAULT_CHECKPOINT.bytes}.` },
        seconds: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: SECONDS_MAX,
          description: `Default: ${DEFAULT_CHECKPOINT.seconds}.`,
        },
      },
    },
    retry: {
      description:
        'How a failed sync goes on by itself; false: not at all. An attempt that got on is followed by the next at once.',
      anyOf: [
        { type: 'boolean', const: false },
        {
          type: 'object',
          additionalProperties: false,
          properties: {
            attempts: {
              type: 'integer',
              minimum: 1,
              description: `So many attempts in a row may get nowhere. Default: ${DEFAULT_RETRY.attempts}.`,
            },
            backoff_seconds: {
              type: 'number',
              minimum: 0,
              description: `The wait after the first that got nowhere. Default: ${DEFAULT_RETRY.backoff_seconds}.`,
            },
            backoff_factor: {
              type: 'number',
              minimum: 1,
              description: `Each wait is so many times the one before. Default: ${DEFAULT_RETRY.backoff_factor}.`,
            },
            max_backoff_seconds: {
              type: 'number',
              minimum: 0,
              description: `No wait is longer. Default: ${DEFAULT_RETRY.max_backoff_seconds}.`,
            },
          },
        },
      ],
    },
    heartbeat_seconds: {
      type: 'number',
      minimum: 0,
      description:
        'A source that gives no sign of life for so long is ended; the next attempt goes on. Default: 3600; 0: never.',
    },
    destination_silent_seconds: {
      type: 'number',
      minimum: 0,
      description:
        'A destination that does not come back from one call (rows, a commit, the end of a stream) for so long is left; the next attempt goes on. Default: 7200; 0: never.',
    },
    state: {
      ...text,
      description:
        "Where the state is kept: 'destination' (the default: beside the rows, committed with them), file:PATH, or postgres://…",
    },
    webhooks: webhooksSchema,
  },
} as const;
