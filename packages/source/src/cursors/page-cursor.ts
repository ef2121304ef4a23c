import type { Json, JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, PlannedSlice } from '../cursor.js';
import type { Position } from '../unit.js';
import { COMPLETE_KEY, isComplete, OWN_KEY, ownPart, POSITION_KEY } from './state-keys.js';

/** What a page position is made under. */
export interface PageCursorOptions {
  /** This partition's part of the last state. */
  state: JsonObject | undefined;
  /** Changes when a position of an earlier run means nothing any more (path, parameters, page size, sort). */
  fingerprint: string;
  /** The catalog's generation: a position of another one is not gone on from. */
  generation?: number;
}

/**
 * Resumable Full Refresh of one partition: a single slice whose position is the token of the next page. The state is
 * `{ next_page_token }` after each page and `{ __ab_full_refresh_sync_complete: true }` at the end.
 */
export function pageCursor(options: PageCursorOptions): PartitionCursor {
  const { state: before, fingerprint, generation } = options;
  const own = ownPart(before);
  const otherGeneration =
    generation !== undefined && typeof own.generation === 'number' && own.generation !== generation;
  let complete = !otherGeneration && isComplete(before);
  let position: Position | undefined = complete || otherGeneration ? undefined : (before?.[POSITION_KEY] ?? undefined);
  let anew: string | undefined;
  if (position !== undefined && typeof own.fingerprint === 'string' && own.fingerprint !== fingerprint) {
    position = undefined;
    anew = 'the stream asks for its pages in another way than the run that this state is from';
  }
  return {
    *slices(): Iterable<PlannedSlice> {
      if (!complete) yield { slice: {}, position, ...(anew === undefined ? {} : { anew }) };
    },
    observe() {},
    page(_slice, next) {
      if (next !== undefined) position = next;
    },
    close() {
      complete = true;
      position = undefined;
    },
    restart() {
      complete = false;
      position = undefined;
    },
    state(): JsonObject | undefined {
      const facts: JsonObject = { v: 1, fingerprint };
      if (generation !== undefined) facts.generation = generation;
      if (complete)
        return generation === undefined
          ? { [COMPLETE_KEY]: true }
          : { [COMPLETE_KEY]: true, [OWN_KEY]: { v: 1, generation } };
      return position === undefined ? undefined : { [POSITION_KEY]: position as Json, [OWN_KEY]: facts };
    },
  };
}
