import { canonical, type JsonObject } from '@tidemark/protocol';
import type { PartitionCursor, StreamCursor } from '../cursor.js';
import type { Unit } from '../unit.js';

/** The cursor of a stream without partitions: its slices are its units. */
export function singleCursor(cursor: PartitionCursor): StreamCursor {
  return {
    async *plan(): AsyncIterable<Unit> {
      for (const { slice, position, anew } of cursor.slices()) {
        yield { id: canonical(slice), partition: {}, slice, position, ...(anew === undefined ? {} : { anew }) };
      }
    },
    page(unit, page) {
      cursor.observe(unit.slice, page.records);
      if (!page.more) cursor.page(unit.slice, page.next);
    },
    close: (unit) => cursor.close(unit.slice),
    restart: (unit) => cursor.restart(unit.slice),
    finish() {},
    state: (): JsonObject => cursor.state() ?? {},
  };
}
