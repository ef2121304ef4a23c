import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { describeResponse } from '../../http/describe.js';
import type { ApiResponse } from '../../http/response.js';
import { retryAfterSeconds } from '../../http/retry-after.js';
import { TransportError } from '../../http/transport-error.js';
import { encodeForm, prepareUrl } from '../../http/url.js';

/** A request to a token endpoint. */
export interface TokenRequest {
  endpoint: string;
  query?: Record<string, unknown>;
  form: Record<string, unknown>;
  headers: Record<string, string>;
  context: BuildContext;
  signal: AbortSignal;
  /** Which answers mean that the user must log in again. */
  refusal: { statuses: readonly number[]; key: string; values: readonly string[] };
}

// With waits of 1, 2, 4 … seconds: about four minutes.
const ATTEMPTS_MAX = 8;

/**
 * Asks a token endpoint by POST and gives its JSON. Tries again after 429, 5xx and broken connections.
 * Throws ConnectorError: config when the credentials are refused, else transient or system. Nothing of the request is in it.
 */
export async function requestToken(order: TokenRequest): Promise<Json> {
  const { context, signal, form } = order;
  const body = encodeForm(form);
  const isTyped = Object.keys(order.headers).some((name) => name.toLowerCase() === 'content-type');
  const headers =
    body && !isTyped ? { ...order.headers, 'Content-Type': 'application/x-www-form-urlencoded' } : order.headers;
  const request: ApiRequest = {
    method: 'POST',
    url: prepareUrl(order.endpoint, order.query),
    headers,
    body: body || undefined,
  };
  for (let attempt = 1; ; attempt++) {
    const { response, error } = await ask(request, order);
    if (response && response.status < 400) return parsed(response, context);
    const isTransient = response
      ? response.status === 429 || response.status >= 500
      : !(error instanceof TransportError) || error.isTransient;
    if (!isTransient || attempt >= ATTEMPTS_MAX) throw failure(order, response, error);
    const asked = response && retryAfterSeconds(response, context.clock());
    const seconds = Math.min(asked ?? 2 ** (attempt - 1), context.settings.waitSecondsMax);
    context.log(
      'INFO',
      `The token endpoint did not give a token (${response ? `status ${response.status}` : 'no answer'}). Next attempt in ${seconds} s.`,
    );
    await context.http.sleep(seconds * 1000, signal);
  }
}

async function ask(
  request: ApiRequest,
  { context, signal }: TokenRequest,
): Promise<{ response?: ApiResponse; error?: unknown }> {
  try {
    return { response: await context.http.send(request, { signal }) };
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

function parsed(response: ApiResponse, context: BuildContext): Json {
  try {
    return response.json();
  } catch (error) {
    const message = `The token endpoint's answer is not JSON (${response.headers['content-type'] ?? 'no content type'}).`;
    throw new ConnectorError('system', message, { detail: describeResponse(response, context.redact), cause: error });
  }
}

function failure(order: TokenRequest, response: ApiResponse | undefined, error: unknown): ConnectorError {
  const { redact } = order.context;
  if (!response) {
    return new ConnectorError(
      'transient',
      redact(`The token endpoint cannot be reached: ${error instanceof Error ? error.message : String(error)}`),
      { cause: error },
    );
  }
  const detail = describeResponse(response, redact);
  const told = providerError(response);
  const suffix = told ? ` It says: ${redact(told)}.` : '';
  if (response.status === 429 || response.status >= 500) {
    return new ConnectorError('transient', `The token endpoint answers with status ${response.status}.${suffix}`, {
      detail,
    });
  }
  const { statuses, key, values } = order.refusal;
  const isRefusal = statuses.includes(response.status) && values.includes(String(bodyOf(response)[key]));
  if (isRefusal)
    return new ConnectorError('config', `The refresh token is no longer valid: authenticate again.${suffix}`, {
      detail,
    });
  const kind = [400, 401, 403].includes(response.status) ? 'config' : 'system';
  return new ConnectorError(kind, `The token endpoint refuses the credentials (status ${response.status}).${suffix}`, {
    detail,
  });
}

/** The short name of the error, as the protocol has it, and a leading code of its description. */
function providerError(response: ApiResponse): string | undefined {
  const { error, error_description: description } = bodyOf(response);
  const code = typeof description === 'string' ? /^\s*([A-Za-z]{3,}\d{4,})\b/.exec(description)?.[1] : undefined;
  const name = typeof error === 'string' ? error.replace(/\s+/g, ' ').trim() : undefined;
  const text = [name, code].filter(Boolean).join(': ');
  return text === '' ? undefined : text.slice(0, 64);
}

function bodyOf(response: ApiResponse): JsonObject {
  try {
    const body = response.json();
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : {};
  } catch {
    return {};
  }
}
