import type { JsonObject } from '@tidemark/protocol';

/** Where a full refresh goes on: the token of the next page. The name is the protocol's own. */
export const POSITION_KEY = 'next_page_token';
/** A full refresh that was read to its end. */
export const COMPLETE_KEY = '__ab_full_refresh_sync_complete';
/** What sources without a cursor send; other implementations send it even after a failure, so it never means "complete". */
export const NO_CURSOR_KEY = '__ab_no_cursor_state_message';
/** The one key of ours in a state; readers of other implementations ignore it. */
export const OWN_KEY = '__tidemark';

/** True when the state says that everything was read. */
export function isComplete(state: JsonObject | undefined): boolean {
  return state?.[COMPLETE_KEY] === true;
}

/** Our part of a state, or an empty object. Never trusted further than its shape: a state is input. */
export function ownPart(state: JsonObject | undefined): JsonObject {
  const own = state?.[OWN_KEY];
  return own !== null && typeof own === 'object' && !Array.isArray(own) ? (own as JsonObject) : {};
}
