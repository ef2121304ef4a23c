import type { ConnectionOptions } from 'node:tls';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/** How the connection is encrypted; libpq's words. `allow` is read as `prefer`. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

/** What is needed to reach a PostgreSQL server. */
export interface PostgresConfig {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string | undefined;
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
  const wrong: string[] = [];
  const fromUrl = typeof config.url === 'string' ? parseUrl(config.url, wrong) : {};
  const text = (names: string[], otherwise?: string): string => {
    for (const name of names) {
      const value = config[name] ?? fromUrl[name];
      if (value === undefined || value === null) continue;
      if (typeof value === 'string' && value !== '') return value;
      wrong.push(`'${name}' must be a text that is not empty`);
      return '';
    }
    if (otherwise !== undefined) return otherwise;
    wrong.push(`'${names[0]}' is missing`);
    return '';
  };
  const host = text(['host'], 'localhost');
  const user = text(['username', 'user']);
  const database = text(['database'], user === '' ? 'postgres' : user);
  const password = config.password ?? fromUrl.password;
  if (password !== undefined && password !== null && typeof password !== 'string')
    wrong.push(`'password' must be a text`);
  const port = Number(config.port ?? fromUrl.port ?? 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) wrong.push(`'port' must be a number from 1 to 65535`);
  const { ssl, sslOptional } = parseSsl(config, fromUrl, wrong);
  const schemas = parseSchemas(config.schemas, wrong);
  const slot = text(['replication_slot'], 'tidemark');
  if (!/^[a-z0-9_]{1,63}$/.test(slot)) wrong.push(`'replication_slot' may hold a-z, 0-9 and _ only`);
  const publication = text(['publication'], 'tidemark');
  if (wrong.length > 0) throw new ConnectorError('config', `The configuration is wrong: ${wrong.join('; ')}.`);
  const given = typeof password === 'string' ? password : undefined;
  return { host, port, database, user, password: given, ssl, sslOptional, schemas, slot, publication };
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
    const mode = searchParams.get('sslmode');
    if (mode !== null) parts.ssl_mode = mode;
    return parts;
  } catch {
    wrong.push(`'url' is no URL of the form postgres://user:password@host:port/database`);
    return {};
  }
}

function parseSsl(
  config: JsonObject,
  fromUrl: JsonObject,
  wrong: string[],
): Pick<PostgresConfig, 'ssl' | 'sslOptional'> {
  const given = config.ssl_mode ?? fromUrl.ssl_mode ?? 'prefer';
  const options = typeof given === 'object' && given !== null ? (given as JsonObject) : { mode: given };
  const mode = SSL_MODES.find((each) => each === options.mode) as SslMode | undefined;
  if (mode === undefined) {
    wrong.push(`'ssl_mode' must be one of ${SSL_MODES.join(', ')}`);
    return { ssl: false, sslOptional: false };
  }
  if (mode === 'disable') return { ssl: false, sslOptional: false };
  const ssl: ConnectionOptions = { rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full' };
  // verify-ca trusts whoever the authority signed, whatever the name.
  if (mode === 'verify-ca') ssl.checkServerIdentity = () => undefined;
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
  return { ssl, sslOptional: mode === 'allow' || mode === 'prefer' };
}

function parseSchemas(value: unknown, wrong: string[]): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
  wrong.push(`'schemas' must be a list of texts`);
  return undefined;
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
    ssl_mode: {
      title: 'TLS',
      description: 'A mode, or an object with a mode and certificates in PEM.',
      oneOf: [
        { type: 'string', enum: [...SSL_MODES] },
        {
          type: 'object',
          required: ['mode'],
          properties: {
            mode: { type: 'string', enum: [...SSL_MODES] },
            ca_certificate: { type: 'string', airbyte_secret: true },
            client_certificate: { type: 'string', airbyte_secret: true },
            client_key: { type: 'string', airbyte_secret: true },
            client_key_password: { type: 'string', airbyte_secret: true },
          },
        },
      ],
      default: 'prefer',
      order: 6,
    },
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
  },
};
