import { slot } from '../../component/slot.js';

/** Makes items of the lists inside records. */
export interface RecordExpander {
  expand(records: readonly unknown[], signal: AbortSignal): unknown[] | Promise<unknown[]>;
}
export const recordExpanderSlot = slot<RecordExpander>('record expander');
