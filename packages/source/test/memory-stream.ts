import type { Json, JsonObject } from '@tidemark/protocol';
import {
  pageCursor,
  partitionedCursor,
  type RecordData,
  type Stream,
  type StreamCursor,
  singleCursor,
  type Unit,
} from '../src/index.js';

/** A stream over data in memory: partitions of pages of records, read with shuffled delays. */
export interface MemoryData {
  name: string;
  /** Pages of each partition, by its id; a stream without partitions has the one id ''. */
  partitions: Map<string, RecordData[][]>;
  /** Seed of the delays; 0: none. */
  seed?: number;
  /** Tokens that are refused when a unit is resumed with them. */
  refused?: Set<number>;
  fingerprint?: string;
}

/** Records `{ id, partition, page }` in so many pages for each partition. */
export function memoryData(name: string, partitions: string[], pages: number, perPage: number, seed = 1): MemoryData {
  const data = new Map<string, RecordData[][]>();
  for (const id of partitions) {
    data.set(
      id,
      Array.from({ length: pages }, (_, page) =>
        Array.from({ length: perPage }, (_, i) => ({ id: `${id}/${page}/${i}`, page })),
      ),
    );
  }
  return { name, partitions: data, seed };
}

/** The stream, with the page cursor or the partitioned one. */
export function memoryStream(data: MemoryData): Stream {
  const fingerprint = data.fingerprint ?? 'f';
  const isPartitioned = !(data.partitions.size === 1 && data.partitions.has(''));
  let random = data.seed ?? 0;
  const pause = async (): Promise<void> => {
    if (!data.seed) return;
    random = (random * 1_103_515_245 + 12_345) & 0x7fffffff;
    for (let i = random % 5; i > 0; i--) await new Promise(setImmediate);
  };
  const cursorFor = (state: JsonObject | undefined, generation: number | undefined): StreamCursor =>
    isPartitioned
      ? partitionedCursor({
          state,
          generation,
          async *partitions() {
            for (const id of data.partitions.keys()) {
              await pause();
              yield { partition: { id } };
            }
          },
          parentState: () => undefined,
          cursor: (part) => pageCursor({ state: part, fingerprint, generation }),
          clock: () => 0,
          log: () => {},
        })
      : singleCursor(pageCursor({ state, fingerprint, generation }));
  return {
    name: data.name,
    describe: () => ({ name: data.name, json_schema: {}, supported_sync_modes: ['full_refresh'], is_resumable: true }),
    open: (state, run) => ({
      cursor: cursorFor(state, run?.generation),
      async *read(unit: Unit, { onRestart }) {
        const pages = data.partitions.get(String(unit.partition.id ?? ''))!;
        let page = unit.position === undefined ? 0 : Number(unit.position);
        if (unit.position !== undefined && data.refused?.has(page)) {
          onRestart?.('refused');
          page = 0;
        }
        for (; page < pages.length; page++) {
          await pause();
          const next: Json | undefined = page + 1 < pages.length ? page + 1 : undefined;
          yield { records: pages[page]!, ...(next === undefined ? {} : { next }) };
        }
      },
    }),
  };
}
