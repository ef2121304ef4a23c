import type { JsonObject } from '@tidemark/protocol';
import { READ_PREFERENCES } from './config.js';

const secret: JsonObject = { type: 'string', airbyte_secret: true };
const modes: JsonObject = { type: 'string', enum: ['disabled', 'required', 'verify_ca', 'verify_identity'] };

/** The configuration as JSON Schema. */
export const MONGODB_CONNECTION_SCHEMA: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'MongoDB',
  type: 'object',
  additionalProperties: true,
  properties: {
    url: {
      ...secret,
      title: 'Connection string',
      description: 'mongodb:// or mongodb+srv://, with the options of the driver. Replaces host and port.',
      order: 0,
    },
    host: { type: 'string', title: 'Host', default: 'localhost', order: 1 },
    port: { type: 'integer', title: 'Port', default: 27_017, minimum: 1, maximum: 65_535, order: 2 },
    database: { type: 'string', title: 'Database', description: 'The database to read.', order: 3 },
    username: { type: 'string', title: 'User', order: 4 },
    password: { ...secret, title: 'Password', order: 5 },
    auth_source: { type: 'string', title: 'Database that knows the user', default: 'admin', order: 6 },
    auth_mechanism: { type: 'string', title: 'Way of signing in', description: 'As the driver names it.', order: 7 },
    replica_set: { type: 'string', title: 'Name of the replica set', order: 8 },
    read_preference: {
      type: 'string',
      title: 'Members that are read',
      enum: [...READ_PREFERENCES],
      default: 'secondaryPreferred',
      order: 9,
    },
    ssl_mode: {
      title: 'TLS',
      description: 'A mode, or an object with a mode and certificates in PEM. Absent: as the connection string says.',
      oneOf: [
        modes,
        {
          type: 'object',
          required: ['mode'],
          properties: {
            mode: modes,
            ca_certificate: secret,
            client_certificate: secret,
            client_key: secret,
            client_key_password: secret,
          },
        },
      ],
      order: 10,
    },
    schemaless: {
      type: 'boolean',
      title: 'Whole documents',
      description: 'Records are {_id, data}: no schema is made from samples.',
      default: false,
      order: 11,
    },
    discover_sample_size: {
      type: 'integer',
      title: 'Documents that a schema is made from',
      default: 1_000,
      minimum: 1,
      maximum: 100_000,
      order: 12,
    },
    discover_timeout_seconds: {
      type: 'integer',
      title: 'Time for a sample',
      default: 30,
      minimum: 1,
      maximum: 1_200,
      order: 13,
    },
    update_capture_mode: {
      type: 'string',
      title: 'Document of an update',
      description: 'lookup: as it is when the change is read; post_image: as the server stored it.',
      enum: ['lookup', 'post_image'],
      default: 'lookup',
      order: 14,
    },
  },
};
