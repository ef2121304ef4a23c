import type { RecordData } from '@tidemark/source';
import { slot } from '../../component/slot.js';

/** Copies a value of the parent onto an item. */
export type ParentField = (parent: RecordData, item: RecordData) => void;
export const parentFieldSlot = slot<ParentField>('parent field path');
