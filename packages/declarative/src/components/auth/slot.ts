import { slot } from '../../component/slot.js';
import type { ApiRequest } from '../../http/client.js';
import type { RequestMatcher } from '../budget/slot.js';
import type { RequestParts } from '../requesters/slot.js';

/** What an authenticator is told of the request that it is asked for. */
export interface AuthenticatedRequest {
  readonly method: string;
  /** The whole URL, with the parameters of everyone but the authenticator. */
  readonly url: string;
  readonly headers: Record<string, string>;
  /** The requester's `url` or `url_base`. */
  readonly base?: string;
}

/** Proves who is asking. Obtains tokens when asked, once for all who wait. */
export interface Authenticator {
  /** What the credentials add to a request to this URL. A header that the requester has too is an error. */
  parts(request: AuthenticatedRequest, signal: AbortSignal): Promise<RequestParts> | RequestParts;
  /**
   * The token of this request was refused: forget it (unless it was replaced since), the next `parts` obtains another. False
   * when there is nothing to renew.
   */
  renew?(refused: ApiRequest): boolean;
  /** Told of each answer that came over the network (quotas of several tokens). */
  observe?(request: ApiRequest, response: { status: number; headers: Readonly<Record<string, string>> }): void;
  /** True when this request, refused for its rate, can be asked again at once with other credentials. */
  hasAlternative?(refused: ApiRequest): boolean;
  /** The token alone, for authenticators whose token is part of another's proof. */
  token?(signal: AbortSignal): Promise<string>;
}

export const authenticatorSlot = slot<Authenticator>('authenticator');

/** How a session token is put into the requests. */
export interface SessionTokenUse {
  parts(token: string): RequestParts;
}
export const sessionTokenUseSlot = slot<SessionTokenUse>('use of a session token');

/** A count of calls that every token has of its own. */
export interface Quota {
  readonly name: string;
  readonly matchers: readonly RequestMatcher[];
  readonly remainingPath: readonly string[];
  readonly resetPath: readonly string[];
  readonly limitPath?: readonly string[];
  /** Lower-case names. */
  readonly remainingHeader?: string;
  readonly resetHeader?: string;
  readonly limitHeader?: string;
  readonly exhaustionStatuses: ReadonlySet<number>;
}
export const tokenQuotaSlot = slot<Quota>('token quota');

/** Where an API says how many calls a token has left. */
export interface QuotaSource {
  request(): ApiRequest;
  /** Statuses that mean that nothing is counted. */
  readonly unavailableStatuses: ReadonlySet<number>;
}
export const quotaSourceSlot = slot<QuotaSource>('quota status source');
