import { isAbsolute, resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import type { DestinationKind } from '../kind.js';

export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The settings of a PostgreSQL destination, as connection.yaml has them. */
export interface PostgresSettings {
  host: string;
  /** Default: 5432. */
  port?: number;
  database: string;
  user: string;
  password?: string;
  /** Schema of the tables of streams without a namespace. Default: public. */
  schema?: string;
  /** As libpq has it. Default: prefer. */
  ssl_mode?: SslMode;
  /** File with the certificates of the authorities that are trusted; default: those of Node.js. */
  ssl_root_cert?: string;
}

const text = { type: 'string', minLength: 1 } as const;
const PARAMETERS = ['schema', 'sslmode', 'sslrootcert'];

/** `postgres://user:password@host:port/database?schema=…&sslmode=…`: typed tables, filled by COPY. */
export const postgresKind: DestinationKind<PostgresSettings> = {
  key: 'postgres',
  schemes: ['postgres', 'postgresql'],
  example: 'postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  schema: {
    type: 'object',
    description: 'A PostgreSQL database, version 13 or newer.',
    required: ['host', 'database', 'user'],
    additionalProperties: false,
    properties: {
      host: { ...text, description: 'Name or address of the server, or the folder of its socket.' },
      port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Default: 5432.' },
      database: { ...text, description: 'The database. It has to be there.' },
      user: { ...text, description: 'Who writes: needs CREATE on the database, or on the schemas that are there.' },
      password: { type: 'string', writeOnly: true, description: "The user's password. Take it from ${ENV}." },
      schema: { ...text, description: 'Schema of the tables of streams without a namespace. Default: public.' },
      ssl_mode: { enum: [...SSL_MODES], description: 'Encryption, as libpq has it. Default: prefer.' },
      ssl_root_cert: { ...text, description: 'File with the certificates of trusted authorities.' },
    },
  },
  parse: parseUrl,
  resolve: (settings, folder) => {
    const { ssl_root_cert: file } = settings;
    return file === undefined || isAbsolute(file) ? settings : { ...settings, ssl_root_cert: resolve(folder, file) };
  },
  async open(settings) {
    const { postgres } = await import('../postgres.js');
    return postgres(settings);
  },
};

/** Reads a connection URL as libpq has it. Throws ConnectorError (config); the URL itself is never shown. */
export function parseUrl(short: string): PostgresSettings {
  const wrong = (what: string) =>
    new ConnectorError(
      'config',
      `The PostgreSQL URL ${what}. Write ${postgresKind.example}, with % codes for odd characters.`,
    );
  let url: URL;
  try {
    url = new URL(short);
  } catch {
    throw wrong('cannot be read');
  }
  const part = (value: string) => {
    try {
      return decodeURIComponent(value);
    } catch {
      throw wrong('has a % that is not followed by two hexadecimal digits');
    }
  };
  const database = part(url.pathname.slice(1));
  if (url.hostname === '') throw wrong('names no host');
  if (database === '') throw wrong('names no database');
  if (url.username === '') throw wrong('names no user');
  const unknown = [...url.searchParams.keys()].filter((key) => !PARAMETERS.includes(key));
  if (unknown.length > 0) throw wrong(`has a parameter '${unknown[0]}' (possible: ${PARAMETERS.join(', ')})`);
  const mode = url.searchParams.get('sslmode') ?? undefined;
  if (mode !== undefined && !SSL_MODES.includes(mode as SslMode))
    throw wrong(`has sslmode=${mode} (possible: ${SSL_MODES.join(', ')})`);
  return {
    host: part(url.hostname.replace(/^\[|\]$/g, '')),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    database,
    user: part(url.username),
    ...(url.password === '' ? {} : { password: part(url.password) }),
    ...(url.searchParams.get('schema') ? { schema: url.searchParams.get('schema')! } : {}),
    ...(mode === undefined ? {} : { ssl_mode: mode as SslMode }),
    ...(url.searchParams.get('sslrootcert') ? { ssl_root_cert: url.searchParams.get('sslrootcert')! } : {}),
  };
}
