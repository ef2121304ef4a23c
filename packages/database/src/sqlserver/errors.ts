import { ConnectorError, type ErrorKind } from '@tidemark/source';
import { networkProblem } from '../network-problem.js';

interface ServerError extends Error {
  code?: string;
  number?: number;
}

/** The server's error numbers that say whose turn it is. */
const BY_NUMBER: Readonly<Record<number, readonly [ErrorKind, string]>> = {
  207: ['config', 'A column does not exist any more: discover the tables again'],
  208: ['config', 'The table does not exist any more: it was dropped or renamed'],
  229: ['config', 'The user lacks the right to read the table'],
  230: ['config', 'The user lacks the right to read a column'],
  1205: ['transient', 'The statement was chosen to end a deadlock'],
  1222: ['transient', 'The table is locked by somebody else for too long (lock_timeout_seconds)'],
  4060: ['config', 'The database does not exist, or the user may not use it'],
  18452: ['config', 'The server refuses this user'],
  18456: ['config', 'The server refuses this user or password'],
};

const BY_CODE: Readonly<Record<string, readonly [ErrorKind, string]>> = {
  ELOGIN: ['config', 'The server refuses this user or password'],
  ETIMEOUT: [
    'transient',
    'The statement took longer than is allowed (statement_timeout_seconds), or the server does not answer',
  ],
  ESOCKET: ['transient', 'The connection was cut or does not come about'],
  EINSTLOOKUP: ['config', 'The host name is not known'],
};

/** Whatever the driver or the server threw, as a ConnectorError. `doing` says what was tried. */
export function sqlServerError(error: unknown, doing: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const failure = (error instanceof Error ? error : new Error(String(error))) as ServerError;
  const { code = '', number = 0, message } = failure;
  const [kind, why] = BY_NUMBER[number] ??
    networkProblem(code, message) ??
    BY_CODE[code] ?? ['system', 'The server says'];
  const name = number > 0 ? ` (${number})` : code === '' ? '' : ` (${code})`;
  return new ConnectorError(kind, `${doing} failed. ${why}: ${message}${name}`, {
    cause: error,
    detail: failure.stack,
  });
}

/** True when the same statement may well go through a moment later, on another connection or with fewer rows. */
export function isWorthAnotherTry(error: unknown): boolean {
  const met = error instanceof ConnectorError && error.cause !== undefined ? error.cause : error;
  const { code = '', number = 0 } = (met ?? {}) as ServerError;
  return [1205, 1222].includes(number) || /^(ETIMEOUT|ESOCKET|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code);
}
