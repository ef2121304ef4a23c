import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** Makes records of the items of lists inside records. */
export interface RecordExpander {
  expand(records: readonly unknown[], signal: AbortSignal): readonly RecordData[] | Promise<readonly RecordData[]>;
}
export const recordExpanderSlot = slot<RecordExpander>('record expander');
