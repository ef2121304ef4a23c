import type { Json, JsonObject } from '@tidemark/protocol';
import type { Scope } from '../../component/expression.js';
import { slot } from '../../component/slot.js';
import type { ApiResponse } from '../../http/response.js';
import type { QueryProperties } from '../properties/slot.js';

/** Where a value goes in a request. */
export type InjectInto = 'request_parameter' | 'header' | 'body_data' | 'body_json';

/**
 * What one part of a stream adds to a request. Maps of different parts are merged; the same key from two parts is an error
 * (`mergeParts`). A body of text cannot be merged with anything.
 */
export interface RequestParts {
  params?: Record<string, unknown>;
  headers?: Record<string, unknown>;
  bodyData?: Record<string, unknown> | string;
  bodyJson?: JsonObject | string;
  /** Overrides the requester's own path: relative to its base, or a whole URL. */
  path?: string;
}

/** Puts a value into a request: a query parameter, a header, a field of the body. */
export interface RequestOption {
  readonly injectInto: InjectInto;
  /** The name, or the path into the body for `body_json`. */
  readonly path: readonly string[];
  /** Adds the value to the parts. Throws ConnectorError when something else stands at that place already. */
  inject(parts: RequestParts, value: unknown): void;
}

/** The token stands for the path (a whole URL, or one below the base) of the next request. */
export interface RequestPath {
  readonly isRequestPath: true;
}

/** One request that a retriever asks a requester for. */
export interface RequestOrder {
  /** `stream_slice`, `next_page_token` and what else the templates of the requester read. */
  readonly scope: Scope;
  /** What paginator, partition router and cursor add. */
  readonly parts: RequestParts;
  readonly signal: AbortSignal;
  readonly streamed?: boolean;
  /** The first page of a resumed unit: an answer that refuses its token (400, 404, 410, 416) throws PositionRefused at once. */
  readonly isResumed?: boolean;
}

/** Builds and sends requests. */
export interface Requester {
  /** The answer; undefined when the error handler says IGNORE. Throws ConnectorError when it says FAIL or retries are used up. */
  send(order: RequestOrder): Promise<ApiResponse | undefined>;
  /** The URL and options that decide what the pages are, without token and page size: for the fingerprint of a position. */
  fingerprint(scope: Scope): Json;
  /** Which properties its requests ask for; the retriever gives the list as `query_properties`. */
  readonly properties?: QueryProperties;
  /** The URL without path, as the pagination's RequestPath needs it. */
  readonly method: string;
}

export const requesterSlot = slot<Requester>('requester');
export const requestOptionSlot = slot<RequestOption>('request option');
export const requestPathSlot = slot<RequestPath>('request path');
/** The four kinds of `request_body`. */
export interface RequestBody {
  parts(scope: Scope): Pick<RequestParts, 'bodyData' | 'bodyJson'>;
}
export const requestBodySlot = slot<RequestBody>('request body');
/** What `value` of a GraphQL body builds: the fields of the JSON document. */
export const graphQlQuerySlot = slot<(scope: Scope) => Record<string, unknown> | string>('GraphQL query');
