import type { JsonObject } from '@tidemark/protocol';
import { ConnectionFields, type ServerFields } from '../connection-fields.js';
import { sshSchema } from '../ssh-settings.js';

/** How the connection is encrypted. */
const SSL_METHODS = ['unencrypted', 'encrypted_trust_server_certificate', 'encrypted_verify_certificate'] as const;

/** What is needed to reach a SQL Server. */
export interface SqlServerConfig extends ServerFields {
  database: string;
  password: string;
  encrypt: boolean;
  trustServerCertificate: boolean;
}

/**
 * The configuration as this dialect understands it: fields, or a `url` whose parts the fields override.
 * Throws ConnectorError (config) that names everything that is wrong; no value of it is printed.
 */
export function parseSqlServerConfig(config: JsonObject): SqlServerConfig {
  const fields = new ConnectionFields(config, 'sqlserver');
  const server = fields.server(1433);
  const database = fields.text('database');
  const password = fields.text('password');
  const method = fields.oneOf('ssl_method', SSL_METHODS, 'encrypted_verify_certificate');
  fields.done();
  const encrypt = method !== 'unencrypted';
  const trustServerCertificate = method === 'encrypted_trust_server_certificate';
  return { ...server, database, password, encrypt, trustServerCertificate };
}

/** The configuration as JSON Schema. */
export const SQLSERVER_CONNECTION_SCHEMA: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'SQL Server',
  type: 'object',
  required: ['host', 'database', 'username', 'password'],
  additionalProperties: true,
  properties: {
    host: { type: 'string', title: 'Host', order: 0 },
    port: { type: 'integer', title: 'Port', default: 1433, minimum: 1, maximum: 65_535, order: 1 },
    database: { type: 'string', title: 'Database', order: 2 },
    username: { type: 'string', title: 'User', order: 3 },
    password: { type: 'string', title: 'Password', airbyte_secret: true, order: 4 },
    ssl_method: {
      type: 'string',
      title: 'TLS',
      enum: [...SSL_METHODS],
      default: 'encrypted_verify_certificate',
      order: 5,
    },
    ssh: sshSchema(6),
  },
};
