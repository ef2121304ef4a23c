import { createHash } from 'node:crypto';
import { toText } from '@tidemark/interpolation';
import { canonical, type Json, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext, Expression, Scope } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import type { ApiResponse } from '../../http/response.js';
import { sendWithRetries } from '../../http/retry.js';
import { encodeForm, joinUrl, prepareUrl } from '../../http/url.js';
import type { AuthenticatedRequest, Authenticator } from '../auth/slot.js';
import type { ErrorHandler } from '../error-handlers/slot.js';
import type { QueryProperties } from '../properties/slot.js';
import { type Input, isMap } from './inputs.js';
import { mergeParts } from './merge-parts.js';
import type { RequestBody, Requester, RequestOrder, RequestParts } from './slot.js';

/** What an HttpRequester is made of. */
export interface ExchangeParts {
  context: BuildContext;
  properties?: QueryProperties;
  method: string;
  url?: Expression;
  base?: Expression;
  path?: Expression;
  authenticator?: Authenticator;
  errorHandler: ErrorHandler;
  params?: Input;
  headers?: Input;
  body?: RequestBody;
  bodyData?: Input;
  bodyJson?: Input;
  useCache: boolean;
  connectTimeoutSeconds?: number;
  readTimeoutSeconds?: number;
}

/** What every template may read, also where there is no page and no slice: a login, a check. */
const NOTHING: Scope = { stream_slice: null, next_page_token: null };

/** Builds requests from templates and the parts of others, sends them, and has the error handler judge the answers. */
export class HttpExchange implements Requester {
  readonly method: string;
  readonly properties: QueryProperties | undefined;
  constructor(private readonly own: ExchangeParts) {
    this.method = own.method;
    this.properties = own.properties;
  }

  send(order: RequestOrder): Promise<ApiResponse | undefined> {
    const { context, authenticator, errorHandler } = this.own;
    const { http, settings, clock, log, redact } = context;
    return sendWithRetries({
      client: http,
      handler: errorHandler,
      authenticator,
      prepare: () => this.prepare(order),
      signal: order.signal,
      useCache: this.own.useCache || context.stream?.isParent === true,
      clock,
      log,
      redact,
      waitSecondsMax: settings.waitSecondsMax,
      isResumed: order.isResumed,
    });
  }

  fingerprint(given: Scope): Json {
    const { method } = this.own;
    const scope = { ...NOTHING, ...given };
    try {
      const parts = this.parts(scope);
      const facts = [
        method,
        this.address(scope, undefined),
        parts.params ?? {},
        parts.bodyData ?? {},
        parts.bodyJson ?? {},
      ];
      // A digest: credentials may stand in URL, query and body.
      return createHash('sha256').update(canonical(facts)).digest('base64url');
    } catch {
      return null;
    }
  }

  private parts(scope: Scope): RequestParts {
    const { params, headers, body, bodyData, bodyJson } = this.own;
    return {
      params: parametersOf(params, scope),
      headers: headersOf(headers, scope),
      bodyData: bodyData?.(scope),
      bodyJson: bodyJson?.(scope) as RequestParts['bodyJson'],
      ...body?.parts(scope),
    };
  }

  private async prepare(order: RequestOrder): Promise<ApiRequest> {
    const { signal } = order;
    const scope = { ...NOTHING, ...order.scope };
    const { method, authenticator, connectTimeoutSeconds, readTimeoutSeconds } = this.own;
    const url = this.address(scope, order.parts.path);
    const own = this.parts(scope);
    const others = { ...order.parts, path: undefined };
    const credentials = (await authenticator?.parts(this.withoutCredentials(url, scope, [own, others]), signal)) ?? {};
    const parts = mergeParts([own, credentials, others]);
    for (const [name, value] of Object.entries(parts.params ?? {})) {
      if (isMap(value))
        throw new ConnectorError(
          'config',
          `The request parameter '${name}' is an object; it can be a text, a number or a list.`,
        );
    }
    const headers = texts(parts.headers);
    const body =
      method === 'GET' || method === 'POST' || method === 'PUT' || method === 'PATCH'
        ? bodyOf(parts, headers)
        : undefined;
    return {
      method,
      url: prepareUrl(url, parts.params),
      headers,
      body,
      connectTimeoutSeconds,
      readTimeoutSeconds,
      streamed: order.streamed,
    };
  }

  /** What the authenticator is told; few ask, so it is only made when they do. */
  private withoutCredentials(url: string, scope: Scope, parts: RequestParts[]): AuthenticatedRequest {
    return {
      method: this.method,
      base: this.root(scope),
      get url() {
        return prepareUrl(url, mergeParts(parts).params);
      },
      get headers() {
        return texts(mergeParts(parts).headers);
      },
    };
  }

  private root(scope: Scope): string {
    return (this.own.url ?? this.own.base)?.text(scope) ?? '';
  }

  /** `given` is a path or a whole URL: what a page token says. */
  private address(scope: Scope, given: string | undefined): string {
    const base = this.own.base?.text(scope) ?? '';
    const url = this.own.url?.text(scope) ?? '';
    const path = given || (this.own.path?.text(scope) ?? '').replace(/^\/+/, '');
    if (base) return joinUrl(base, path);
    return path ? joinUrl(url, path) : url;
  }
}

function texts(headers: Record<string, unknown> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toText(value)]));
}

/** A template for the whole query that gives no object gives no parameters. */
function parametersOf(input: Input | undefined, scope: Scope): Record<string, unknown> | undefined {
  const value = input?.(scope);
  return typeof value === 'string' ? undefined : value;
}

function headersOf(input: Input | undefined, scope: Scope): Record<string, unknown> | undefined {
  const value = input?.(scope);
  if (typeof value !== 'string' || value.trim() === '') return typeof value === 'string' ? undefined : value;
  throw new ConnectorError('config', 'request_headers must give an object of names and values, not a text.');
}

/** The body as text; its content type is added to the headers where they have none. */
function bodyOf({ bodyData, bodyJson }: RequestParts, headers: Record<string, string>): string | undefined {
  const hasData = typeof bodyData === 'string' ? bodyData !== '' : Object.keys(bodyData ?? {}).length > 0;
  const hasJson = typeof bodyJson === 'string' ? bodyJson.trim() !== '' : Object.keys(bodyJson ?? {}).length > 0;
  if (hasData && hasJson)
    throw new ConnectorError('config', 'A request has either a body of data or a body of JSON, not both.');
  if (hasJson) {
    if (typeof bodyJson === 'string')
      throw new ConnectorError('config', 'The JSON body of a request must be an object, not a text.');
    typed(headers, 'application/json');
    return stringify(bodyJson);
  }
  if (!hasData) return undefined;
  if (typeof bodyData === 'string') return bodyData;
  typed(headers, 'application/x-www-form-urlencoded');
  return encodeForm(bodyData!);
}

function typed(headers: Record<string, string>, type: string): void {
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) headers['Content-Type'] = type;
}
