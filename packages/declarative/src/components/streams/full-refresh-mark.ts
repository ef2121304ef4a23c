import type { Json, JsonObject } from '@tidemark/protocol';
import { isComplete, OWN_KEY, ownPart, POSITION_KEY, type StreamCursor } from '@tidemark/source';

/**
 * The cursor of a full refresh that must not be taken for a finished one: until it has ended well, its state says that it is
 * that of a full refresh.
 */
export function markFullRefresh(cursor: StreamCursor): StreamCursor {
  let isFinished = false;
  return {
    ...(cursor.fresh && { fresh: (unit, page) => cursor.fresh!(unit, page) }),
    plan: (signal) => cursor.plan(signal),
    page: (unit, page) => cursor.page(unit, page),
    close: (unit) => cursor.close(unit),
    restart: (unit) => cursor.restart(unit),
    finish() {
      isFinished = true;
      cursor.finish();
    },
    state() {
      const state = cursor.state();
      return isFinished ? state : { ...state, [OWN_KEY]: { v: 1, ...ownPart(state), way: 'full_refresh' } };
    },
  };
}

/** The state as the full refresh's own stream wrote it; undefined when nothing is left. */
export function withoutMark(state: JsonObject): JsonObject | undefined {
  const { way: _, ...own } = ownPart(state);
  const { [OWN_KEY]: __, ...rest } = state;
  const isEmpty = Object.keys(own).every((key) => key === 'v');
  if (isEmpty && Object.keys(rest).length === 0) return undefined;
  return isEmpty ? rest : { ...rest, [OWN_KEY]: own };
}

/** True for the state of a full refresh that is under way: page positions, of the stream or of its partitions. */
export function holdsPagePositions(state: JsonObject): boolean {
  if (state[POSITION_KEY] !== undefined && state[POSITION_KEY] !== null) return true;
  return (
    Array.isArray(state.states) && state.states.some((entry) => isPageCursor((entry as JsonObject | null)?.cursor))
  );
}

function isPageCursor(cursor: Json | undefined): boolean {
  if (typeof cursor !== 'object' || cursor === null || Array.isArray(cursor)) return false;
  return isComplete(cursor as JsonObject) || (cursor as JsonObject)[POSITION_KEY] !== undefined;
}
