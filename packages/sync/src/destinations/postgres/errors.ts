import { ConnectorError, type ErrorKind } from '@tidemark/source';

/** An error of the driver, as far as it says something. */
interface Fault {
  code: string;
  message: string;
  table?: string;
  detail?: string;
}

const GOES_ON = 'What was committed is safe, and the next attempt goes on from the last checkpoint.';

/** By SQLSTATE or system code, the first that fits: what it is, and what to do. */
const SHAPES: [RegExp, ErrorKind, (place: string, fault: Fault) => string][] = [
  [
    /^(28P01|28000)$/,
    'config',
    (place) => `${place} does not let this user in. Check user and password, and pg_hba.conf on the server.`,
  ],
  [/^3D000$/, 'config', (place) => `${place}: there is no such database. Make it (CREATE DATABASE), or name another.`],
  [
    /^42501$/,
    'config',
    (place, { message }) =>
      `${place}: ${message}. Give the user CREATE on the database (for the schema _tidemark and the streams' schemas), and make it the owner of the tables.`,
  ],
  [
    /^(ENOTFOUND|EAI_NONAME)$/,
    'config',
    (place) => `${place}: the host's name is not known. Check it, and the network's name service.`,
  ],
  [/^ENOENT$/, 'config', (place, { message }) => `${place}: ${message}. Check the path.`],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_|ERR_SSL_|TIDEMARK_NO_TLS)/,
    'config',
    (place, { message }) => `${place}: no trusted encrypted connection (${message}). Check ssl_mode and ssl_root_cert.`,
  ],
  [
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|57P0[1-5]|08...|TIDEMARK_LOST)$/,
    'transient',
    (place, { message }) => `The connection to ${place} is not there (${message}). ${GOES_ON}`,
  ],
  [
    /^53300$/,
    'transient',
    (place) => `${place} has no connection left for us. Raise max_connections there, or read fewer streams at once.`,
  ],
  [
    /^(53100|58030)$/,
    'system',
    (place, { message }) =>
      `${place} has no room to write (${message}). Make room on its disk and run this again. ${GOES_ON}`,
  ],
  [/^53...$/, 'system', (place, { message }) => `${place} ran out of resources: ${message}. ${GOES_ON}`],
  [
    /^55P03$/,
    'transient',
    (place, { message }) =>
      `${place}: somebody else holds a table for too long (${message}). Look for long transactions in pg_stat_activity. ${GOES_ON}`,
  ],
  [
    /^(40P01|40001|57014)$/,
    'transient',
    (place, { message }) => `${place} ended a transaction: ${message}. ${GOES_ON}`,
  ],
  [
    /^25006$/,
    'config',
    (place) =>
      `${place} only lets itself be read (a standby, or default_transaction_read_only). Name the primary server.`,
  ],
  [
    /^2BP01$/,
    'config',
    (place, { message, detail }) =>
      `${place}: ${message} (${detail ?? 'other objects depend on it'}). Drop what depends on it, or let it depend on another table.`,
  ],
];

/** Whether the server could not take a value: another row may still be taken. */
export function isDataError(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^(22...|54...)$/.test(code);
}

/** A driver's error as a sentence that says what to do. `secrets` are taken out of it. */
export function postgresError(error: unknown, place: string, secrets: readonly string[]): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const clean = (text: string) => secrets.reduce((so, secret) => so.replaceAll(secret, '****'), text);
  const given = error as { code?: unknown; message?: unknown; detail?: unknown } | undefined;
  const message = clean(String(given?.message ?? error));
  // The driver has no code for a connection that was cut.
  const cut =
    /connection terminated|client has encountered a connection error|not queryable|ECONNRESET|closed the connection/i;
  const code = typeof given?.code === 'string' ? given.code : cut.test(message) ? 'TIDEMARK_LOST' : '';
  const fault: Fault = { code, message, detail: given?.detail === undefined ? undefined : clean(String(given.detail)) };
  const detail = [code, message, fault.detail].filter(Boolean).join(' ');
  for (const [shape, kind, say] of SHAPES)
    if (shape.test(code)) return new ConnectorError(kind, say(place, fault), { detail, cause: error });
  return new ConnectorError('system', `${place}: ${message}`, { detail, cause: error });
}
