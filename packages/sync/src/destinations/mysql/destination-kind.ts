import { isAbsolute, resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import type { DestinationKind } from '../kind.js';

const SSL_MODES = ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'] as const;

/** The settings of a MySQL destination, as connection.yaml has them. */
export interface MysqlSettings {
  host: string;
  port?: number;
  user: string;
  password?: string;
  database: string;
  ssl_mode?: (typeof SSL_MODES)[number];
  ssl_ca?: string;
}

const text = { type: 'string', minLength: 1 } as const;
const SHAPE = 'mysql://USER:PASSWORD@HOST:PORT/DATABASE';

/** `mysql://…`: a MySQL or MariaDB server. */
export const mysqlKind: DestinationKind<MysqlSettings> = {
  key: 'mysql',
  schemes: ['mysql', 'mariadb'],
  example: 'mysql://USER:PASSWORD@HOST/DATABASE',
  schema: {
    type: 'object',
    description: 'A database of a MySQL (8.0 or later) or MariaDB (10.6 or later) server.',
    required: ['host', 'user', 'database'],
    additionalProperties: false,
    properties: {
      host: { ...text, description: 'Name or address of the server.' },
      port: { type: 'integer', minimum: 1, maximum: 65535, description: 'Default: 3306.' },
      user: { ...text, description: 'Who writes: an account that may make and change tables in the database.' },
      password: { type: 'string', writeOnly: true, description: 'Its password, best from the environment.' },
      database: { ...text, description: 'The database of the tables. It must be there.' },
      ssl_mode: {
        enum: [...SSL_MODES],
        description: "As in MySQL's own clients. Default: preferred, and disabled on this machine itself.",
      },
      ssl_ca: { ...text, description: 'File with the trusted certificates (PEM), relative to this file.' },
    },
  },
  parse(short) {
    let url: URL;
    try {
      url = new URL(short);
    } catch {
      throw new ConnectorError('config', `The address of the MySQL destination cannot be read. Write ${SHAPE}.`);
    }
    const database = decode(url.pathname.replace(/^\//, ''));
    const user = decode(url.username);
    if (url.hostname === '' || user === '' || database === '' || database.includes('/')) {
      throw new ConnectorError('config', `The address of the MySQL destination lacks a part. Write ${SHAPE}.`);
    }
    const settings: MysqlSettings = { host: url.hostname.replace(/^\[|\]$/g, ''), user, database };
    if (url.port !== '') settings.port = Number(url.port);
    if (url.password !== '') settings.password = decode(url.password);
    for (const [key, value] of url.searchParams) {
      if (key === 'ssl_mode' && SSL_MODES.includes(value as never))
        settings.ssl_mode = value as (typeof SSL_MODES)[number];
      else if (key === 'ssl_ca') settings.ssl_ca = value;
      else {
        throw new ConnectorError(
          'config',
          `The address of the MySQL destination says '${key}', which is not known or has a wrong value. Known: ssl_mode=${SSL_MODES.join('|')}, ssl_ca=FILE.`,
        );
      }
    }
    return settings;
  },
  resolve: (settings, folder) => ({
    ...settings,
    ...(settings.ssl_ca !== undefined && {
      ssl_ca: isAbsolute(settings.ssl_ca) ? settings.ssl_ca : resolve(folder, settings.ssl_ca),
    }),
  }),
  async open({ ssl_mode: ssl, ssl_ca: sslCa, ...address }) {
    const { mysql } = await import('../mysql.js');
    return mysql({ ...address, ssl, sslCa });
  },
};

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConnectorError(
      'config',
      `The address of the MySQL destination has a % that is no code. Write it as %25.`,
    );
  }
}
