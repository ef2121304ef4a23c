/**
 * Why no answer came.
 * `network`: not reached, cut off, timed out: asking again may help. `url`: not a URL that can be asked. `redirect`: too
 * many, or one that must not be followed. `size`: the body is larger than may be held. `certificate`: the server's identity
 * is not proven. `body`: the body is not what its headers say.
 */
export type TransportFailure = 'network' | 'url' | 'redirect' | 'size' | 'certificate' | 'body';

/** The error of a transport; `message` names the host but no query, header or body. */
export class TransportError extends Error {
  constructor(
    readonly failure: TransportFailure,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'TransportError';
  }
  /** Asking again may help. */
  get isTransient(): boolean {
    return this.failure === 'network';
  }
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS|ERR_SSL/;

/** What a client library threw while it talked to `host`, in our words. Aborts pass through. */
export function networkError(error: unknown, host: string): Error {
  if (error instanceof TransportError) return error;
  const known = error as { name?: string; code?: string; message?: string; cause?: unknown };
  if (known.name === 'AbortError') return error as Error;
  const code = known.code ?? (known.cause as { code?: string } | undefined)?.code ?? '';
  const failure: TransportFailure = CERTIFICATE.test(code)
    ? 'certificate'
    : code === 'UND_ERR_INVALID_ARG'
      ? 'url'
      : 'network';
  return new TransportError(failure, `${explanation(code)} (${host}${code ? `, ${code}` : ''}).`, { cause: error });
}

function explanation(code: string): string {
  if (CERTIFICATE.test(code)) return 'The certificate of the server is not trusted';
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'The host is not known';
    case 'ECONNREFUSED':
      return 'The connection was refused';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'The connection was not made in time';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'The answer did not come in time';
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return 'The connection was cut before the answer was whole';
    case 'UND_ERR_INVALID_ARG':
      return 'The request cannot be sent as it is';
    default:
      return 'The request failed';
  }
}

/** The error of a body that is larger than may be held in memory. */
export function tooLarge(bytesMax: number, cause?: unknown): TransportError {
  return new TransportError('size', `The response body is larger than ${bytesMax} bytes (response_bytes_max).`, {
    cause,
  });
}
