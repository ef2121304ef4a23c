import { slot } from '../../component/slot.js';
import type { ApiRequest } from '../../http/client.js';
import type { RequestParts } from '../requesters/slot.js';

/** Proves who is asking. Obtains tokens when asked, once for all who wait. */
export interface Authenticator {
  /** What the credentials add to a request to this URL. Headers given here win over all others. */
  parts(request: { method: string; url: string }, signal: AbortSignal): Promise<RequestParts> | RequestParts;
  /**
   * The token of this request was refused: forget it (unless it was replaced since), the next `parts` obtains another. False
   * when there is nothing to renew.
   */
  renew?(refused: ApiRequest): boolean;
  /** Told of each answer (quotas of several tokens). */
  observe?(request: ApiRequest, response: { status: number; headers: Readonly<Record<string, string>> }): void;
}

export const authenticatorSlot = slot<Authenticator>('authenticator');
