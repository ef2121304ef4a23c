import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectionFields, type ServerFields, type TlsWords, tlsSchema } from '../connection-fields.js';
import { AUTHORITY, type UrlForm } from '../connection-url.js';
import { sshSchema } from '../ssh-settings.js';

/** How the connection is encrypted; MySQL's own words in lower case. */
const TLS_WORDS: TlsWords = {
  none: ['disabled'],
  optional: ['preferred'],
  required: ['required'],
  authority: ['verify_ca'],
  name: ['verify_identity'],
};

const MODE = 'write ssl-mode=verify_identity (or verify_ca, required, preferred, disabled)';
const CERTIFICATE = 'give the text of the file as client_certificate or client_key of ssl_mode';
const TAKE_OUT = 'take it out, Tidemark sets it by itself';

/** Parameters of MySQL's own clients, and those of other programs that are met in pasted URLs. */
const URL_FORM: UrlForm = {
  schemes: ['mysql', 'mariadb'],
  parameters: { 'ssl-mode': { field: 'ssl_mode' }, 'ssl-ca': { field: AUTHORITY, form: 'file' } },
  instead: {
    ssl: MODE,
    useSSL: MODE,
    requireSSL: MODE,
    verifyServerCertificate: MODE,
    tls: MODE,
    sslaccept: MODE,
    'ssl-verify-server-cert': MODE,
    sslrootcert: 'write ssl-ca=FILE',
    sslcert: CERTIFICATE,
    'ssl-cert': CERTIFICATE,
    'ssl-key': CERTIFICATE,
    user: 'write it before the host, as user:password@host',
    password: 'write it before the host, as user:password@host',
    charset: TAKE_OUT,
    characterEncoding: TAKE_OUT,
    useUnicode: TAKE_OUT,
    timezone: TAKE_OUT,
    serverTimezone: TAKE_OUT,
    connectionTimeZone: TAKE_OUT,
    time_zone: TAKE_OUT,
    parseTime: TAKE_OUT,
    loc: TAKE_OUT,
    zeroDateTimeBehavior: TAKE_OUT,
    allowPublicKeyRetrieval: TAKE_OUT,
    connect_timeout: 'take it out, a connection that does not come about is given up after 30 seconds',
    timeout: 'take it out, a connection that does not come about is given up after 30 seconds',
    application_name: 'take it out, it has no effect on a server of MySQL',
    connection_limit: 'take it out; how much is read at a time is `concurrency` in `chunking` of a manifest',
    socket: 'give a host and a port: sockets are not spoken',
    socketPath: 'give a host and a port: sockets are not spoken',
  },
};

/** What is needed to reach a MySQL or MariaDB server. */
export interface MysqlConfig extends ServerFields {
  /** The database that is read where `schemas` names none. */
  database: string;
  /** Absent: no TLS. The driver looks at the certificate's name only when `verifyIdentity` says so. */
  ssl?: ConnectionOptions & { verifyIdentity?: boolean };
  /** TLS is tried first and left out when the server has none. */
  sslOptional: boolean;
}

/**
 * The configuration as this dialect understands it: fields, or a `url` whose parts the fields override.
 * Throws ConnectorError (config) that names everything that is wrong; no value of it is printed.
 */
export function parseMysqlConfig(config: JsonObject): MysqlConfig {
  const fields = new ConnectionFields(config, URL_FORM);
  const server = fields.server(3306);
  const database = fields.text('database');
  const { ssl, sslOptional, verifiesName } = fields.tls(TLS_WORDS, 'preferred');
  if (verifiesName && isIP(server.host) !== 0)
    fields.wrong.push(
      `'ssl_mode' verify_identity needs a name in 'host': the driver compares no address (verify_ca does without)`,
    );
  fields.done();
  return { ...server, database, sslOptional, ...(ssl ? { ssl: { ...ssl, verifyIdentity: verifiesName } } : {}) };
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
    ssl_mode: tlsSchema(TLS_WORDS, 'preferred', 5),
    ssh: sshSchema(6),
  },
};
