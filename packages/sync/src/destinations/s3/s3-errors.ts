import { ConnectorError } from '@tidemark/source';

const KEYS = /InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired/;
const NO_KEYS = /CredentialsProviderError|Could not load credentials/;
const DENIED = /AccessDenied|AllAccessDisabled|Forbidden/;
const NETWORK = /ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|TimeoutError|NetworkingError|socket hang up|AbortError/;

/** What the SDK throws, as far as it is known. */
interface S3Failure {
  name: string;
  code: string;
  status: number | undefined;
  message: string;
}

export function failureOf(error: unknown): S3Failure {
  const { name, code, Code, message, $metadata } = (error ?? {}) as {
    name?: string;
    code?: string;
    Code?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: name ?? '',
    code: Code ?? code ?? '',
    status: $metadata?.httpStatusCode,
    message: message ?? String(error),
  };
}

/** An error of the SDK as a sentence that says what to do. It holds no key. */
export function s3Error(error: unknown, where: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { name, code, status, message } = failureOf(error);
  const what = `${name} ${code} ${message}`;
  const said = `${code || name}${status === undefined ? '' : ` (HTTP ${status})`}`;
  const make = (kind: 'config' | 'transient' | 'system', text: string) =>
    new ConnectorError(kind, text, { detail: `${said}: ${message}`, cause: error });
  if (NO_KEYS.test(what))
    return make(
      'config',
      `There are no credentials for ${where}. Set access_key_id and secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.`,
    );
  if (/NoSuchBucket/.test(what))
    return make('config', `${where}: there is no such bucket. Make it, or correct its name, region or endpoint.`);
  if (KEYS.test(what)) return make('config', `${where} does not accept the credentials: ${said}.`);
  if (DENIED.test(what) || status === 403)
    return make(
      'config',
      `${where}: access denied. The credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects.`,
    );
  if (/PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint/.test(what))
    return make('config', `${where} is in another region: ${message} Set region.`);
  if (NETWORK.test(what))
    return make('transient', `${where} cannot be reached (${code || name}): is the endpoint right, and the server up?`);
  if ((status ?? 0) >= 500 || status === 429 || /SlowDown|Throttl|RequestTimeout/.test(what))
    return make('transient', `${where} answers with ${said}. Try again later.`);
  if (/ENOSPC|EDQUOT/.test(what))
    return make(
      'system',
      `There is no room for the working files of ${where} in the temporary folder. Make room there, or set TMPDIR.`,
    );
  return make('system', `${where}: ${said}: ${message}`);
}
