import { ConnectorError } from '@tidemark/source';
import type { MysqlAddress } from './database.js';

type Kind = ConstructorParameters<typeof ConnectorError>[0];
type Shape = readonly [codes: readonly string[], kind: Kind, message: (at: MysqlAddress, said: string) => string];

const where = ({ host, port = 3306 }: MysqlAddress) => `the MySQL server at ${host}:${port}`;
const GOES_ON = 'Run this again: it goes on from the last checkpoint, nothing that was committed is lost.';

/** What the driver and the server say, by their codes; the first that fits is taken. */
const SHAPES: readonly Shape[] = [
  [
    ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'PROTOCOL_SEQUENCE_TIMEOUT'],
    'transient',
    (at) =>
      `There is no answer from ${where(at)}. Check host and port, and that the server runs and may be reached from here.`,
  ],
  [
    ['ENOTFOUND', 'EAI_AGAIN'],
    'config',
    (at) => `The host ${at.host} of the MySQL destination cannot be found. Check its name.`,
  ],
  [
    ['ER_ACCESS_DENIED_ERROR', 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR'],
    'config',
    (at) => `${where(at)} refuses user '${at.user}'. Check user and password, and that it may connect from this host.`,
  ],
  [
    ['ER_NOT_SUPPORTED_AUTH_MODE', 'AUTH_SWITCH_PLUGIN_ERROR'],
    'config',
    (at, said) => `User '${at.user}' signs in to ${where(at)} in a way that is not known here: ${said}`,
  ],
  [
    ['ER_BAD_DB_ERROR'],
    'config',
    (at, said) => `${said} on ${where(at)}. Make it (CREATE DATABASE \`…\` CHARACTER SET utf8mb4) or name another one.`,
  ],
  [
    ['ER_DBACCESS_DENIED_ERROR'],
    'config',
    (at, said) => `${said} (${where(at)}). Grant it: GRANT ALL ON \`…\`.* TO '${at.user}'@'%'.`,
  ],
  [
    ['ER_TABLEACCESS_DENIED_ERROR', 'ER_SPECIFIC_ACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR'],
    'config',
    (at, said) =>
      `${said} (${where(at)}). User '${at.user}' needs SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX and CREATE TEMPORARY TABLES on the database.`,
  ],
  [
    ['ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE', 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION'],
    'config',
    (at, said) => `${where(at)} takes no writes: ${said}. Name the primary server.`,
  ],
  [
    ['ER_RECORD_FILE_FULL', 'ER_DISK_FULL', 'ER_DISK_FULL_NOWAIT', 'ER_TEMP_FILE_WRITE_FAILURE', 'ER_ERROR_ON_WRITE'],
    'system',
    (at, said) => `${where(at)} has no room to write (${said}). Make room there. ${GOES_ON}`,
  ],
  [
    ['ER_TOO_BIG_ROWSIZE'],
    'system',
    (at) =>
      `A row is wider than InnoDB can hold on ${where(at)}. Leave out fields of the stream, or land it elsewhere.`,
  ],
  [
    ['ER_NET_PACKET_TOO_LARGE'],
    'config',
    (at) =>
      `${where(at)} takes no statement as long as one of the rows. Raise its max_allowed_packet, or allow LOAD DATA: SET GLOBAL local_infile = 1.`,
  ],
  [
    ['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK', 'ER_LOCK_ABORTED'],
    'transient',
    (at, said) => `A table is locked by somebody else on ${where(at)} (${said}). ${GOES_ON}`,
  ],
  [
    ['ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED'],
    'transient',
    (at, said) => `${where(at)} takes no more connections: ${said}`,
  ],
  [
    [
      ...['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ER_SERVER_SHUTDOWN', 'ER_NORMAL_SHUTDOWN'],
      ...['ER_CLIENT_INTERACTION_TIMEOUT', 'ER_QUERY_INTERRUPTED', 'ER_CONNECTION_KILLED', 'ERR_STREAM_DESTROYED'],
    ],
    'transient',
    (at) => `The connection to ${where(at)} broke. ${GOES_ON}`,
  ],
  [
    ['HANDSHAKE_NO_SSL_SUPPORT'],
    'config',
    (at) => `${where(at)} offers no TLS. Switch it on there, or set ssl_mode: disabled.`,
  ],
  [
    [
      ...['HANDSHAKE_SSL_ERROR', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED'],
      ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ],
    'config',
    (at, said) => `The TLS certificate of ${where(at)} is not trusted: ${said}. Name its authority by ssl_ca.`,
  ],
];

/** An error of the driver or the server as a sentence that says what to do. Holds no password. */
export function mysqlError(error: unknown, at: MysqlAddress): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code = '', sqlMessage, message = String(error), fatal } = error as MysqlFailure;
  const said = (sqlMessage ?? message).split('\n')[0]!.slice(0, 500);
  const found = SHAPES.find(([codes]) => codes.includes(code));
  const isBroken = fatal === true || /closed state|connection is (?:closed|ended)/i.test(message);
  const shape = found ?? (isBroken ? SHAPES.find(([codes]) => codes.includes('PROTOCOL_CONNECTION_LOST')) : undefined);
  const detail = [code, said].filter((part) => part !== '').join(': ');
  if (!shape) {
    return new ConnectorError('system', `Writing to ${where(at)} failed: ${said}`, { detail, cause: error });
  }
  const [, kind, text] = shape;
  const sentence = text(at, said);
  return new ConnectorError(kind, sentence.charAt(0).toUpperCase() + sentence.slice(1), { detail, cause: error });
}

interface MysqlFailure {
  code?: string;
  sqlMessage?: string;
  message?: string;
  fatal?: boolean;
}
