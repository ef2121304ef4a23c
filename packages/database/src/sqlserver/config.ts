import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/** How the connection is encrypted. */
export const SQLSERVER_SSL_METHODS = [
  'unencrypted',
  'encrypted_trust_server_certificate',
  'encrypted_verify_certificate',
] as const;

/** What is needed to reach a SQL Server. */
export interface SqlServerConfig {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  encrypt: boolean;
  trustServerCertificate: boolean;
}

/**
 * The configuration as this dialect understands it: fields, or a `url` whose parts the fields override.
 * Throws ConnectorError (config) that names everything that is wrong; no value of it is printed.
 */
export function parseSqlServerConfig(config: JsonObject): SqlServerConfig {
  const wrong: string[] = [];
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null));
  const fields: JsonObject = { ...(typeof config.url === 'string' ? parseUrl(config.url, wrong) : {}), ...given };
  const text = (name: string, otherwise?: string): string => {
    const value = fields[name] ?? otherwise;
    if (typeof value === 'string' && value !== '') return value;
    wrong.push(value === undefined ? `'${name}' is missing` : `'${name}' must be a text that is not empty`);
    return '';
  };
  const host = text('host', 'localhost');
  const user = text('username');
  const database = text('database');
  const password = text('password');
  const port = Number(fields.port ?? 1433);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) wrong.push(`'port' must be a number from 1 to 65535`);
  const method = SQLSERVER_SSL_METHODS.find((each) => each === (fields.ssl_method ?? 'encrypted_verify_certificate'));
  if (method === undefined) wrong.push(`'ssl_method' must be one of ${SQLSERVER_SSL_METHODS.join(', ')}`);
  if (wrong.length > 0) throw new ConnectorError('config', `The configuration is wrong: ${wrong.join('; ')}.`);
  const encrypt = method !== 'unencrypted';
  const trustServerCertificate = method === 'encrypted_trust_server_certificate';
  return { host, port, database, user, password, encrypt, trustServerCertificate };
}

function parseUrl(url: string, wrong: string[]): JsonObject {
  try {
    const { hostname, port, pathname, username, password } = new URL(url);
    const parts: JsonObject = {};
    if (hostname) parts.host = decodeURIComponent(hostname);
    if (port) parts.port = Number(port);
    if (pathname.length > 1) parts.database = decodeURIComponent(pathname.slice(1));
    if (username) parts.username = decodeURIComponent(username);
    if (password) parts.password = decodeURIComponent(password);
    return parts;
  } catch {
    wrong.push(`'url' is no URL of the form sqlserver://user:password@host:port/database`);
    return {};
  }
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
      enum: [...SQLSERVER_SSL_METHODS],
      default: 'encrypted_verify_certificate',
      order: 5,
    },
  },
};
