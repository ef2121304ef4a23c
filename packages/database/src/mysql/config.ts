import type { ConnectionOptions } from 'node:tls';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/** How the connection is encrypted; MySQL's own words in lower case. */
export const MYSQL_SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;
type SslMode = (typeof MYSQL_SSL_MODES)[number];

/** What is needed to reach a MySQL or MariaDB server. */
export interface MysqlConfig {
  host: string;
  port: number;
  /** The database that is read where `schemas` names none. */
  database: string;
  user: string;
  password: string | undefined;
  /** Absent: no TLS. */
  ssl?: ConnectionOptions;
  /** TLS is tried first and left out when the server has none. */
  sslOptional: boolean;
}

/**
 * The configuration as this dialect understands it: fields, or a `url` whose parts the fields override.
 * Throws ConnectorError (config) that names everything that is wrong; no value of it is printed.
 */
export function parseMysqlConfig(config: JsonObject): MysqlConfig {
  const wrong: string[] = [];
  const fields: JsonObject = {
    ...(typeof config.url === 'string' ? parseUrl(config.url, wrong) : {}),
    ...present(config),
  };
  const text = (name: string, otherwise?: string): string => {
    const value = fields[name] ?? otherwise;
    if (typeof value === 'string' && value !== '') return value;
    wrong.push(value === undefined ? `'${name}' is missing` : `'${name}' must be a text that is not empty`);
    return '';
  };
  const host = text('host', 'localhost');
  const user = text('username', typeof fields.user === 'string' ? fields.user : undefined);
  const database = text('database');
  const { password } = fields;
  if (password !== undefined && typeof password !== 'string') wrong.push(`'password' must be a text`);
  const port = Number(fields.port ?? 3306);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) wrong.push(`'port' must be a number from 1 to 65535`);
  const tls = parseSsl(fields.ssl_mode ?? 'preferred', wrong);
  if (wrong.length > 0) throw new ConnectorError('config', `The configuration is wrong: ${wrong.join('; ')}.`);
  return { host, port, database, user, password: password as string | undefined, ...tls };
}

function present(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null));
}

function parseUrl(url: string, wrong: string[]): JsonObject {
  try {
    const { hostname, port, pathname, username, password, searchParams } = new URL(url);
    const parts: JsonObject = {};
    if (hostname) parts.host = decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');
    if (port) parts.port = Number(port);
    if (pathname.length > 1) parts.database = decodeURIComponent(pathname.slice(1));
    if (username) parts.username = decodeURIComponent(username);
    if (password) parts.password = decodeURIComponent(password);
    const mode = searchParams.get('ssl-mode') ?? searchParams.get('sslmode');
    if (mode !== null) parts.ssl_mode = mode.toLowerCase();
    return parts;
  } catch {
    wrong.push(`'url' is no URL of the form mysql://user:password@host:port/database`);
    return {};
  }
}

function parseSsl(given: unknown, wrong: string[]): Pick<MysqlConfig, 'ssl' | 'sslOptional'> {
  const options = (typeof given === 'object' && given !== null ? given : { mode: given }) as JsonObject;
  const mode = MYSQL_SSL_MODES.find((each) => each === String(options.mode).toLowerCase()) as SslMode | undefined;
  if (mode === undefined) {
    wrong.push(`'ssl_mode' must be one of ${MYSQL_SSL_MODES.join(', ')}`);
    return { sslOptional: false };
  }
  if (mode === 'disabled') return { sslOptional: false };
  const ssl: ConnectionOptions = { rejectUnauthorized: mode === 'verify_ca' || mode === 'verify_identity' };
  // verify_ca trusts whoever the authority signed, whatever the name.
  if (mode === 'verify_ca') ssl.checkServerIdentity = () => undefined;
  const pem = {
    ca_certificate: 'ca',
    client_certificate: 'cert',
    client_key: 'key',
    client_key_password: 'passphrase',
  };
  for (const [field, option] of Object.entries(pem) as [string, 'ca' | 'cert' | 'key' | 'passphrase'][]) {
    const value = options[field];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'string') ssl[option] = value;
    else wrong.push(`'ssl_mode.${field}' must be a text`);
  }
  return { ssl, sslOptional: mode === 'preferred' };
}

/** The configuration as JSON Schema, with the names that Airbyte's source has. */
export const MYSQL_CONNECTION_SCHEMA: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'MySQL',
  type: 'object',
  required: ['host', 'database', 'username'],
  additionalProperties: true,
  properties: {
    host: { type: 'string', title: 'Host', order: 0 },
    port: { type: 'integer', title: 'Port', default: 3306, minimum: 1, maximum: 65_535, order: 1 },
    database: { type: 'string', title: 'Database', description: 'The database to read.', order: 2 },
    username: { type: 'string', title: 'User', order: 3 },
    password: { type: 'string', title: 'Password', airbyte_secret: true, order: 4 },
    ssl_mode: {
      title: 'TLS',
      description: 'A mode, or an object with a mode and certificates in PEM.',
      oneOf: [
        { type: 'string', enum: [...MYSQL_SSL_MODES] },
        {
          type: 'object',
          required: ['mode'],
          properties: {
            mode: { type: 'string', enum: [...MYSQL_SSL_MODES] },
            ca_certificate: { type: 'string', airbyte_secret: true },
            client_certificate: { type: 'string', airbyte_secret: true },
            client_key: { type: 'string', airbyte_secret: true },
            client_key_password: { type: 'string', airbyte_secret: true },
          },
        },
      ],
      default: 'preferred',
      order: 5,
    },
  },
};
