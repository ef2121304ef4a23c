import type { ErrorKind } from '@tidemark/source';

/** What the system or TLS says of a connection that does not come about, or breaks. */
const PROBLEMS: Readonly<Record<string, readonly [ErrorKind, string]>> = {
  ECONNREFUSED: ['transient', 'Nothing answers at this host and port'],
  ENOTFOUND: ['config', 'The host name is not known'],
  EAI_AGAIN: ['transient', 'The host name cannot be looked up now'],
  ECONNRESET: ['transient', 'The connection was cut'],
  EPIPE: ['transient', 'The connection was cut'],
  ETIMEDOUT: ['transient', 'The server does not answer'],
  EHOSTUNREACH: ['transient', 'The host cannot be reached'],
  SELF_SIGNED_CERT_IN_CHAIN: ['config', 'The server’s certificate is not signed by the given authority'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['config', 'The server’s certificate is not signed by the given authority'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['config', 'The server’s certificate is not signed by the given authority'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['config', 'The server’s certificate is for another host name'],
};

/** Whose turn it is when a socket fails with this code, and why; undefined for codes that are none of a socket. */
export function networkProblem(code: string): readonly [ErrorKind, string] | undefined {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : undefined;
}
