import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** Takes the records out of decoded bodies. */
export interface Extractor {
  /**
   * The records of these bodies, in their order. May be an array that the bodies hold: never changed by anyone. May ask the
   * API (a truncated list), hence the promise. Throws ConnectorError when something stands there that is no record.
   */
  extract(bodies: readonly unknown[], signal: AbortSignal): readonly RecordData[] | Promise<readonly RecordData[]>;
}
export const extractorSlot = slot<Extractor>('record extractor');
