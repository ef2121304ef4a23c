import { ConnectorError, type ErrorKind } from '@tidemark/source';
import { networkProblem } from '../network-problem.js';

interface ServerError extends Error {
  code?: string;
  detail?: string;
  hint?: string;
}

/** SQLSTATEs, or their classes, that say whose turn it is; first match counts. */
const BY_CODE: readonly [RegExp, ErrorKind, string][] = [
  [/^28/, 'config', 'The server refuses this user or password'],
  [/^3D000$/, 'config', 'The database does not exist'],
  [/^42501$/, 'config', 'The user lacks a right'],
  [/^42P01$/, 'config', 'The table does not exist any more: it was dropped or renamed'],
  [/^42703$/, 'config', 'A column does not exist any more: discover the tables again'],
  [/^57014$/, 'transient', 'The statement took longer than the server allows (statement_timeout_seconds)'],
  [/^55P03$/, 'transient', 'The table is locked by somebody else for too long (lock_timeout_seconds)'],
  [/^25P0[34]$/, 'config', 'The server ends idle transactions too early (idle_in_transaction_session_timeout)'],
  [/^40001$/, 'transient', 'The standby server cancelled the statement because of a conflict with recovery'],
  [/^57P0/, 'transient', 'The server is shutting down or starting up'],
  [/^(08|53|58)/, 'transient', 'The server is out of a resource or lost the connection'],
];

/** What the driver says, without a code, of a session that is gone. */
const CUT = /Connection terminated|not queryable|connection .*timeout|timeout expired/i;

/** Whatever the driver or the server threw, as a ConnectorError. `doing` says what was tried: "Reading public.users". */
export function postgresError(error: unknown, doing: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const {
    code = '',
    message,
    detail,
    hint,
  } = (error instanceof Error ? error : new Error(String(error))) as ServerError;
  const [kind, why] = classify(code, message);
  const told = [message, detail, hint].filter((each) => each !== undefined && each !== '').join(' ');
  return new ConnectorError(kind, `${doing} failed. ${why}: ${told}${code === '' ? '' : ` (${code})`}`, {
    cause: error,
    detail: error instanceof Error ? error.stack : undefined,
  });
}

function classify(code: string, message: string): readonly [ErrorKind, string] {
  const known = networkProblem(code);
  if (known) return known;
  for (const [pattern, kind, why] of BY_CODE) if (pattern.test(code)) return [kind, why];
  if (message === 'timeout expired') return ['transient', 'The server does not answer'];
  if (CUT.test(message)) return ['transient', 'The connection was cut'];
  if (/does not support SSL/.test(message)) return ['config', 'The server offers no TLS'];
  if (/password must be a string|no password/i.test(message)) return ['config', 'The server asks for a password'];
  return ['system', 'The server says'];
}

/** True when the same statement may well go through a moment later, on another connection or with fewer rows. */
export function isWorthAnotherTry(error: unknown): boolean {
  const met = error instanceof ConnectorError && error.cause !== undefined ? error.cause : error;
  const { code = '', message = '' } = (met ?? {}) as ServerError;
  return /^(40001|57014|08|57P0[123]|ECONNRESET|EPIPE|ETIMEDOUT)/.test(code) || CUT.test(message);
}
