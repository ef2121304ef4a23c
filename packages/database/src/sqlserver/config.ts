import type { JsonObject } from '@tidemark/protocol';
import { ConnectionFields, type ServerFields } from '../connection-fields.js';
import type { UrlForm } from '../connection-url.js';
import { sshSchema } from '../ssh-settings.js';

/** How the connection is encrypted. */
const SSL_METHODS = ['unencrypted', 'encrypted_trust_server_certificate', 'encrypted_verify_certificate'] as const;

const METHOD =
  'write encrypt=true (the certificate is looked at), encrypt=true&trustServerCertificate=true, or encrypt=false';
const SIGN_IN = 'only users of SQL Server itself sign in: give a user and a password';

/** Parameters of Microsoft's own drivers, and those of other programs that are met in pasted URLs. */
const URL_FORM: UrlForm = {
  schemes: ['sqlserver', 'mssql'],
  parameters: {
    encrypt: { field: 'encrypt' },
    trustServerCertificate: { field: 'trust_server_certificate' },
    ssl_method: { field: 'ssl_method' },
    database: { field: 'database' },
    databaseName: { field: 'database' },
  },
  instead: {
    ssl: METHOD,
    sslmode: METHOD,
    tls: METHOD,
    user: 'write it before the host, as user:password@host',
    'user id': 'write it before the host, as user:password@host',
    password: 'write it before the host, as user:password@host',
    instanceName: 'give the port of the instance',
    integratedSecurity: SIGN_IN,
    authentication: SIGN_IN,
    domain: SIGN_IN,
    hostNameInCertificate: 'the name of the certificate has to be the host: there is no setting for another',
    applicationName: 'take it out, there is no setting for it',
    'app name': 'take it out, there is no setting for it',
    loginTimeout: 'take it out, there is no setting for it',
    connect_timeout: 'take it out, there is no setting for it',
    'connection timeout': 'take it out, there is no setting for it',
    'dial timeout': 'take it out, there is no setting for it',
    schema: 'name tables with their `namespace` in the `streams` of a manifest',
  },
};

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
  const fields = new ConnectionFields(config, URL_FORM);
  const server = fields.server(1433);
  const database = fields.text('database');
  const password = fields.text('password');
  const method = fields.oneOf('ssl_method', SSL_METHODS, methodOfUrl(fields));
  fields.done();
  const encrypt = method !== 'unencrypted';
  const trustServerCertificate = method === 'encrypted_trust_server_certificate';
  return { ...server, database, password, encrypt, trustServerCertificate };
}

/** What `encrypt` and `trustServerCertificate` of a URL say together. */
function methodOfUrl(fields: ConnectionFields): (typeof SSL_METHODS)[number] {
  const encrypts = fields.oneOf('encrypt', ['true', 'false'], 'true') === 'true';
  const trusts = fields.oneOf('trust_server_certificate', ['true', 'false'], 'false') === 'true';
  if (!encrypts) return 'unencrypted';
  return trusts ? 'encrypted_trust_server_certificate' : 'encrypted_verify_certificate';
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
