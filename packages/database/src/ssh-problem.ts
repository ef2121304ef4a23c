import { ConnectorError, type ErrorKind } from '@tidemark/source';
import { networkProblem } from './network-problem.js';
import type { SshSettings } from './ssh-settings.js';

/** RFC 4254, 5.1: why a server opens no channel. */
const PROHIBITED = 1;
const CONNECT_FAILED = 2;

/** Whatever the SSH library threw while it connected, as a ConnectorError. */
export function sshProblem(error: unknown, { host, port, user }: SshSettings): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { message = '', code, level } = (error ?? {}) as { message?: string; code?: string | number; level?: string };
  const [kind, why] = classify(message, String(code ?? ''), level);
  return new ConnectorError(kind, `Connecting to the SSH server ${host}:${port} as ${user} failed. ${why}.`, {
    cause: error,
    detail: error instanceof Error ? error.stack : undefined,
  });
}

function classify(message: string, code: string, level: string | undefined): readonly [ErrorKind, string] {
  if (level === 'client-authentication' || /authentication/i.test(message))
    return ['config', 'The server refuses this user, key or password'];
  const network = networkProblem(code);
  if (network) return network;
  if (level === 'client-timeout') return ['transient', 'The server does not answer (ssh.timeout)'];
  if (level === 'handshake' && /no matching/i.test(message))
    return ['config', `The two know no common way of encrypting: ${plain(message)}`];
  if (level === 'client-dns') return ['config', 'The host name is not known'];
  return ['transient', plain(message) || 'The connection was cut'];
}

/**
 * Why the SSH server opens no connection to the target; undefined where it says nothing of it: then the tunnel was cut, and
 * another try may go through.
 */
export function forwardingProblem(
  error: unknown,
  { host, port }: SshSettings,
  target: { host: string; port: number },
): ConnectorError | undefined {
  if (error instanceof ConnectorError) return error;
  const { message = '', reason } = (error ?? {}) as { message?: string; reason?: number | string };
  if (typeof reason !== 'number') return undefined;
  const [kind, why]: [ErrorKind, string] =
    reason === PROHIBITED
      ? ['config', 'It forwards no connections there (AllowTcpForwarding, PermitOpen)']
      : reason === CONNECT_FAILED
        ? ['transient', 'Nothing answers it at this host and port']
        : ['transient', 'It opens no connection'];
  return new ConnectorError(
    kind,
    `The SSH server ${host}:${port} does not reach ${target.host}:${target.port}. ${why}: ${plain(message)}`,
    { cause: error },
  );
}

/** What a server wrote, fit for one line. */
function plain(message: string): string {
  return message.replace(/\p{Cc}+/gu, ' ').slice(0, 300);
}
