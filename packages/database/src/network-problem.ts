import type { ErrorKind } from '@tidemark/source';

type Problem = readonly [ErrorKind, string];

const UNKNOWN_AUTHORITY: Problem = ['config', 'The server’s certificate is not signed by the given authority'];
const OTHER_NAME: Problem = ['config', 'The server’s certificate is for another host name'];
const EXPIRED: Problem = ['config', 'The server’s certificate has expired'];

/** Drivers that put a code of their own on an error of TLS leave OpenSSL's words. */
const BY_WORDS: readonly (readonly [RegExp, Problem])[] = [
  [/self.signed certificate|unable to (?:verify the first certificate|get (?:local )?issuer)/i, UNKNOWN_AUTHORITY],
  [/does not match certificate's altnames/i, OTHER_NAME],
  [/certificate has expired/i, EXPIRED],
];

/** What the system or TLS says of a connection that does not come about, or breaks. */
const PROBLEMS: Readonly<Record<string, Problem>> = {
  ECONNREFUSED: ['transient', 'Nothing answers at this host and port'],
  ENOTFOUND: ['config', 'The host name is not known'],
  EAI_AGAIN: ['transient', 'The host name cannot be looked up now'],
  ECONNRESET: ['transient', 'The connection was cut'],
  EPIPE: ['transient', 'The connection was cut'],
  ETIMEDOUT: ['transient', 'The server does not answer'],
  EHOSTUNREACH: ['transient', 'The host cannot be reached'],
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  CERT_HAS_EXPIRED: EXPIRED,
};

/** Whose turn it is when a socket fails like this, and why; undefined for what is no problem of a socket. */
export function networkProblem(code: string, message = ''): Problem | undefined {
  if (Object.hasOwn(PROBLEMS, code)) return PROBLEMS[code];
  return BY_WORDS.find(([words]) => words.test(message))?.[1];
}
