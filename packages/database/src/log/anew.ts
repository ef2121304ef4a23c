import type { JsonObject } from '@tidemark/protocol';
import { WHOLE_STREAM } from '@tidemark/source';
import type { Part } from '../state.js';

/** The state of a table that is loaded anew, after everything that was sent of it has been taken back. */
export function anew({ v, dialect, table, generation }: JsonObject): JsonObject {
  const part: Part = { id: WHOLE_STREAM, epoch: 0, identity: { kind: 'whole' }, ranges: [], revoked: [WHOLE_STREAM] };
  return { v, dialect, table, generation, phase: 'loading', parts: [part], then: null } as unknown as JsonObject;
}

/** True of a state that `anew` made, as long as nothing of the table has been read since: changes of it are of no use yet. */
export function isAnew({ phase, parts }: JsonObject): boolean {
  return (
    phase === 'loading' &&
    Array.isArray(parts) &&
    parts.length === 1 &&
    (parts as unknown as Part[])[0]!.id === WHOLE_STREAM
  );
}
