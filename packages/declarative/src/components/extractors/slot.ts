import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** Takes the records out of a decoded body. */
export interface Extractor {
  /** The records in the body's order. May ask the API (a truncated list), hence the promise. */
  extract(body: unknown, signal: AbortSignal): RecordData[] | Promise<RecordData[]>;
}
export const extractorSlot = slot<Extractor>('record extractor');
