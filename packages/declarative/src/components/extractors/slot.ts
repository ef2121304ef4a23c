import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';
import type { Decoder } from '../decoders/slot.js';

/** The records of bodies, and how many there were. */
export interface Extraction {
  /** May be an array that a body holds: never changed by anyone. */
  readonly records: readonly RecordData[];
  /** The records with those that were left out because they are null or empty: what the API counts as its page. */
  readonly count: number;
}

/** Takes the records out of decoded bodies. */
export interface Extractor {
  /**
   * The records of these bodies, in their order. May ask the API (a truncated list), hence the promise. Throws
   * ConnectorError when something stands there that is no record.
   */
  extract(bodies: readonly unknown[], signal: AbortSignal): Extraction | Promise<Extraction>;
  /** Whatever stands at the place, also what is no record: the status of a job, a link. Absent: only records can. */
  values?(bodies: readonly unknown[], signal: AbortSignal): readonly unknown[] | Promise<readonly unknown[]>;
  /** Decodes the response in place of the retriever's decoder. */
  readonly decoder?: Decoder;
  /** The count is a sum over several lists: no offset can be reckoned from it. */
  readonly countIsSum?: boolean;
}
export const extractorSlot = slot<Extractor>('record extractor');
