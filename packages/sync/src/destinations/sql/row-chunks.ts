import type { RecordData } from '@tidemark/source';
import { type Batch, timeOf } from '../../destination.js';
import { estimateBytes } from '../../size.js';
import { CHUNK_ROWS_MAX } from './raw-id.js';

/** A chunk is closed at this size, however few rows it has. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** Rows on their way: the records, their pages' units and times (milliseconds since the epoch), their hashes. */
export interface RowChunk {
  records: RecordData[];
  units: string[];
  times: number[];
  hashes: number[];
}

/** A batch in chunks: as many rows as one run of raw ids has, and no more bytes than a server is sent at once. */
export function* rowChunks({ pages }: Batch): Generator<RowChunk> {
  let chunk = emptyChunk();
  let bytes = 0;
  for (const page of pages) {
    const each = estimateBytes(page.records) / Math.max(1, page.records.length);
    for (let index = 0; index < page.records.length; index++) {
      const record = page.records[index]!;
      // The average serves where records are small: only large ones are worth measuring one by one.
      const size = each > 2_000 ? estimateBytes([record]) : each;
      const { length } = chunk.records;
      if (length === CHUNK_ROWS_MAX || (bytes + size > CHUNK_BYTES && length > 0)) {
        yield chunk;
        chunk = emptyChunk();
        bytes = 0;
      }
      chunk.records.push(record);
      chunk.units.push(page.unit);
      chunk.times.push(timeOf(page, index));
      chunk.hashes.push(page.hashes[index]!);
      bytes += size;
    }
  }
  if (chunk.records.length > 0) yield chunk;
}

function emptyChunk(): RowChunk {
  return { records: [], units: [], times: [], hashes: [] };
}
