import { ConnectorError, type ErrorKind } from '@tidemark/source';
import { networkProblem } from '../network-problem.js';

interface ServerError extends Error {
  code?: string;
  errno?: number;
  sqlMessage?: string;
}

/** The server's error numbers that say whose turn it is. MariaDB's own are above 1900. */
const BY_NUMBER: Readonly<Record<number, readonly [ErrorKind, string]>> = {
  1040: ['transient', 'The server has no connection left'],
  1044: ['config', 'The user may not use this database'],
  1045: ['config', 'The server refuses this user or password'],
  1049: ['config', 'The database does not exist'],
  1053: ['transient', 'The server is shutting down'],
  1054: ['config', 'A column does not exist any more: discover the tables again'],
  1129: ['config', 'The server has blocked this host after too many failed connections'],
  1130: ['config', 'The server allows no connection from this host'],
  1142: ['config', 'The user lacks the right to read the table'],
  1143: ['config', 'The user lacks the right to read a column'],
  1146: ['config', 'The table does not exist any more: it was dropped or renamed'],
  1203: ['transient', 'The user has too many connections'],
  1205: ['transient', 'The table is locked by somebody else for too long (lock_timeout_seconds)'],
  1227: ['config', 'The user lacks a right'],
  1251: ['config', 'The server asks for a way of signing in that the driver does not have'],
  1317: ['transient', 'The statement was ended by somebody'],
  1356: ['config', 'The view does not work: what it reads is not there, or may not be read'],
  1969: ['transient', 'The statement took longer than is allowed (statement_timeout_seconds)'],
  3024: ['transient', 'The statement took longer than is allowed (statement_timeout_seconds)'],
  3159: ['config', 'The server allows encrypted connections only: set ssl_mode'],
};

/** Whatever the driver or the server threw, as a ConnectorError. `doing` says what was tried: "Reading shop.users". */
export function mysqlError(error: unknown, doing: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const failure = (error instanceof Error ? error : new Error(String(error))) as ServerError;
  const { code = '', errno = 0 } = failure;
  const [kind, why] = classify(failure);
  const told = failure.sqlMessage ?? failure.message;
  const name = errno > 0 && errno < 65_536 && /^ER_|^\d*$/.test(code) ? `${code || 'error'} ${errno}` : code;
  return new ConnectorError(kind, `${doing} failed. ${why}: ${told}${name === '' ? '' : ` (${name})`}`, {
    cause: error,
    detail: failure.stack,
  });
}

function classify({ code = '', errno = 0, message }: ServerError): readonly [ErrorKind, string] {
  const known = BY_NUMBER[errno];
  if (known) return known;
  const network = networkProblem(code, message);
  if (network) return network;
  if (/^PROTOCOL_CONNECTION_LOST|^ECONN|closed state/.test(code) || /closed state|Connection lost/.test(message))
    return ['transient', 'The connection was cut'];
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return ['config', 'The server offers no TLS'];
  return ['system', 'The server says'];
}

/** True when the same statement may well go through a moment later, on another connection or with fewer rows. */
export function isWorthAnotherTry(error: unknown): boolean {
  const met = error instanceof ConnectorError && error.cause !== undefined ? error.cause : error;
  const { code = '', errno = 0, message = '' } = (met ?? {}) as ServerError;
  if ([1053, 1205, 1317, 1969, 3024].includes(errno)) return true;
  return /^(PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code) || /closed state/.test(message);
}

/** True when the server refused a statement and the session goes on. */
export function isStatementError(error: unknown): boolean {
  const { errno = 0, sqlMessage } = (error ?? {}) as ServerError;
  return sqlMessage !== undefined && errno >= 1000 && ![1053, 1317].includes(errno);
}
