import type { ConnectionOptions } from 'node:tls';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectionFields, type ServerFields, type TlsWords, tlsSchema } from '../connection-fields.js';
import { AUTHORITY, type UrlForm } from '../connection-url.js';
import { sshSchema } from '../ssh-settings.js';

/** How the connection is encrypted; libpq's words. `allow` is read as `prefer`. */
const TLS_WORDS: TlsWords = {
  none: ['disable'],
  optional: ['allow', 'prefer'],
  required: ['require'],
  authority: ['verify-ca'],
  name: ['verify-full'],
};

const CERTIFICATE = 'give the text of the file as client_certificate, client_key or client_key_password of ssl_mode';
const TAKE_OUT = 'take it out, Tidemark sets it by itself';

/** libpq's parameters, and those of other programs that are met in pasted URLs. */
const URL_FORM: UrlForm = {
  schemes: ['postgres', 'postgresql'],
  parameters: {
    sslmode: { field: 'ssl_mode' },
    sslrootcert: { field: AUTHORITY, form: 'file' },
    schema: { field: 'schemas', form: 'list' },
    host: { field: 'host' },
    port: { field: 'port' },
    dbname: { field: 'database' },
    user: { field: 'username' },
    password: { field: 'password' },
    channel_binding: { only: ['prefer', 'disable'] },
    gssencmode: { only: ['prefer', 'disable'] },
    target_session_attrs: { only: ['any'] },
  },
  instead: {
    ssl: 'write sslmode=verify-full (or verify-ca, require, disable)',
    requiressl: 'write sslmode=verify-full (or verify-ca, require, disable)',
    sslcert: CERTIFICATE,
    sslkey: CERTIFICATE,
    sslpassword: CERTIFICATE,
    search_path: 'write schema=NAME, or name the schemas in `schemas`',
    currentSchema: 'write schema=NAME, or name the schemas in `schemas`',
    options: 'take it out; schemas are named in `schemas`, time-outs in `chunking` of a manifest',
    application_name: 'take it out, sessions of Tidemark are called tidemark',
    fallback_application_name: 'take it out, sessions of Tidemark are called tidemark',
    connect_timeout: 'take it out, a connection that does not come about is given up after 30 seconds',
    statement_timeout: 'set statement_timeout_seconds in `chunking` of a manifest',
    lock_timeout: 'set lock_timeout_seconds in `chunking` of a manifest',
    client_encoding: TAKE_OUT,
    TimeZone: TAKE_OUT,
    pgbouncer: 'take it out, and connect to the server itself: settings of a session are needed',
    connection_limit: 'take it out; how much is read at a time is `concurrency` in `chunking` of a manifest',
    service: 'give the fields that the service stands for',
    passfile: 'give the password',
    sslnegotiation: 'take it out, the server is asked whether it has TLS',
  },
};

/** What is needed to reach a PostgreSQL server. */
export interface PostgresConfig extends ServerFields {
  database: string;
  /** false: no TLS. */
  ssl: false | ConnectionOptions;
  /** TLS is tried first and left out when the server has none. */
  sslOptional: boolean;
  schemas: string[] | undefined;
  /** For `method: log`. */
  slot: string;
  publication: string;
}

/**
 * The configuration as this dialect understands it: fields, or a `url` whose parts the fields override.
 * Throws ConnectorError (config) that names everything that is wrong; no value of it is printed.
 */
export function parsePostgresConfig(config: JsonObject): PostgresConfig {
  const fields = new ConnectionFields(config, URL_FORM);
  const server = fields.server(5432);
  const database = fields.text('database', server.user === '' ? 'postgres' : server.user);
  const { ssl, sslOptional } = fields.tls(TLS_WORDS, 'prefer');
  const schemas = fields.texts('schemas');
  const slot = fields.text('replication_slot', 'tidemark');
  if (!/^[a-z0-9_]{1,63}$/.test(slot)) fields.wrong.push(`'replication_slot' may hold a-z, 0-9 and _ only`);
  const publication = fields.text('publication', 'tidemark');
  fields.done();
  return { ...server, database, ssl, sslOptional, schemas, slot, publication };
}

/** The configuration as JSON Schema, with the names that Airbyte's source has. */
export const POSTGRES_CONNECTION_SCHEMA: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'PostgreSQL',
  type: 'object',
  required: ['host', 'database', 'username'],
  additionalProperties: true,
  properties: {
    host: { type: 'string', title: 'Host', order: 0 },
    port: { type: 'integer', title: 'Port', default: 5432, minimum: 1, maximum: 65_535, order: 1 },
    database: { type: 'string', title: 'Database', order: 2 },
    schemas: {
      type: 'array',
      title: 'Schemas',
      description: 'The schemas to read. Without it: all but the system’s own.',
      items: { type: 'string' },
      uniqueItems: true,
      order: 3,
    },
    username: { type: 'string', title: 'User', order: 4 },
    password: { type: 'string', title: 'Password', airbyte_secret: true, order: 5 },
    ssl_mode: tlsSchema(TLS_WORDS, 'prefer', 6),
    replication_slot: {
      type: 'string',
      title: 'Replication slot',
      description: 'For reading changes from the log: a slot of the plugin pgoutput, used by this connection only.',
      default: 'tidemark',
      order: 7,
    },
    publication: {
      type: 'string',
      title: 'Publication',
      description: 'For reading changes from the log: the publication that the tables are in.',
      default: 'tidemark',
      order: 8,
    },
    ssh: sshSchema(9),
  },
};
